/** An upload as a download writes to it: whatever uploads are bound by, downloads are too. */

/** The right to write from `offset` on. */
export interface OpenedUpload {
  readonly offset: number;
  /** Of all bytes below the offset. */
  readonly crc32: number;
  /** Of the whole, where it is known. Bytes. */
  readonly length: number | null;
  /** Aborted when somebody else needs the upload: then nothing more may be written. */
  readonly letGo: AbortSignal;
  /** All bytes below the offset are on the disk. False: nothing more may be written. */
  progress(offset: number, crc32: number): Promise<boolean>;
  /**
   * Gives the right back; what is on the disk counts. With `last` this was all of it, and the id of the user's file is
   * answered once there is one.
   */
  end(offset: number, crc32: number, last: boolean): Promise<string | null>;
}

export interface UploadState {
  readonly offset: number;
  /** Id of the user's file, once there is one. */
  readonly file: string | null;
}

export interface NewContent {
  readonly name: string;
  /** Null where the other side does not say it. Bytes. */
  readonly length: number | null;
}

/** Methods reject with an `UploadRefusal`. */
export interface UploadDoor {
  /** Null where there is none, or none any more. */
  look(user: string, upload: string): Promise<UploadState | null>;
  create(user: string, upload: string, content: NewContent): Promise<OpenedUpload>;
  /** Null where it is at another offset, or gone. */
  resume(user: string, upload: string, offset: number): Promise<OpenedUpload | null>;
  /** Frees its bytes. Succeeds where there is none. */
  terminate(user: string, upload: string): Promise<void>;
}

export class UploadRefusal extends Error {
  /** One of the codes of the wire. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'UploadRefusal';
    this.code = code;
  }
}
