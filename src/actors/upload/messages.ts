/** What an upload is asked: by the requests of its client, wherever they come in, and by those who look after uploads. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { UploadCreated } from '../../storage/ports/upload-journal.ts';

/** Who writes: the token that tells this writer from all others, and the thread that it is on. */
export interface Writer {
  readonly token: string;
  readonly thread: number;
}

/** What the client says of an upload at its beginning. */
export type NewUpload = Pick<UploadCreated, 'length' | 'name' | 'metadata' | 'concat' | 'parts' | 'sha256' | 'hashes'>;

export interface CreateUpload extends Request<Created> {
  readonly type: 'create';
  readonly user: string;
  readonly upload: NewUpload;
  /** Who writes from the first byte on, if anybody does already. */
  readonly writer: Writer | null;
  /**
   * All bytes come with the request at hand, whose client knows no address to go on at: nothing needs to survive before
   * the whole is there.
   */
  readonly whole: boolean;
}
export interface Created {
  readonly view: UploadView;
  /** Null where nobody writes, or nothing is to be written. */
  readonly grant: Grant | null;
}

/** Ends whoever writes, so that the offset stays true for the next one. */
export interface Look extends Request<UploadView> {
  readonly type: 'look';
  readonly user: string;
}

/** Asks for the right to write from the offset on. Whoever has it now lets go first. */
export interface Begin extends Request<Grant> {
  readonly type: 'begin';
  readonly user: string;
  readonly offset: number;
  readonly writer: Writer;
  /** What the client says now and did not say before. */
  readonly length: number | null;
  /** How many bytes come at most, where the client says so. */
  readonly bytes: number | null;
}
export interface Grant {
  /** Not where the upload is at another offset than the one asked for: nobody writes then. */
  readonly isGranted: boolean;
  readonly offset: number;
  /** Of all bytes below the offset. */
  readonly crc32: number;
  /** Nothing may be written from here on. */
  readonly limit: number;
  readonly length: number | null;
}

/** All bytes below the offset are on the disk. Answered with whether the writer may go on. */
export interface Progress extends Request<{ readonly goOn: boolean }> {
  readonly type: 'progress';
  readonly token: string;
  readonly offset: number;
  readonly crc32: number;
}

/** The writer lets go. Answered when an upload that is whole now has been verified and recorded. */
export interface End extends Request<UploadView> {
  readonly type: 'end';
  readonly token: string;
  /** All bytes below are on the disk. */
  readonly offset: number;
  readonly crc32: number;
  /** The client says that this was all. */
  readonly last: boolean;
  /** The request broke off: whatever came is kept, and nobody waits for the rest. */
  readonly broken: boolean;
  /** The client sent what makes the upload worthless, such as more than its length. */
  readonly invalid: boolean;
}

export interface Terminate extends Request<Record<string, never>> {
  readonly type: 'terminate';
  readonly user: string;
}

/** Of a final upload to its parts: whole ones say so. */
export interface Lend extends Request<Lent> {
  readonly type: 'lend';
  readonly user: string;
}
export interface Lent {
  readonly size: number;
  readonly crc32: number;
}
/** The bytes have become part of a file: they are not needed here any more. */
export interface Used {
  readonly type: 'used';
  readonly user: string;
}

/** There is an upload: whatever is due is done. */
export interface Wake {
  readonly type: 'wake';
}

export type UploadMessage = CreateUpload | Look | Begin | Progress | End | Terminate | Lend | Used | Wake;

/** An upload as its client may see it. */
export interface UploadView {
  readonly id: string;
  readonly offset: number;
  readonly length: number | null;
  readonly expiresAt: number;
  readonly metadata: string | null;
  readonly concat: string | null;
  /** A final upload, whose bytes come from its parts. */
  readonly isFinal: boolean;
  /** All bytes are there; the file may not be yet. */
  readonly isWhole: boolean;
  /** Id of the user's file, once there is one. */
  readonly file: string | null;
}

const MINUTE_MS = 60_000;

export const uploadKind = defineKind<UploadMessage>({
  name: 'upload',
  mailbox: { capacity: 64, overflow: 'refuse' },
  passivateAfterMs: MINUTE_MS,
});
