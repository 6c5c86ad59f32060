/** What an upload actor is given, and how the parts of it speak to each other. */
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { UploadEntry, UploadState } from '../../storage/ports/upload-journal.ts';

export interface UploadOptions {
  readonly staging: Staging;
  /** This node, as addresses name it. */
  readonly node: string;
  /** Threads on which requests may write. */
  readonly threads: readonly number[];
  /** An upload that nothing came for expires. */
  readonly ttlMs: number;
  /** Bytes. */
  readonly maxSize: number;
  /** A file is finished when its content is in the object store, not before. */
  readonly waitsForStore: boolean;
  /** Bytes that a user may have; 0 for no bound. */
  readonly quotaBytes: number;
}

/** How long the client may still ask what became of a finished upload. */
export const FINISHED_TTL_MS = 60 * 60 * 1_000;

/** What the helpers of an upload actor may do with it. */
export interface UploadHome {
  readonly id: string;
  readonly options: UploadOptions;
  /** Throws where there is no upload: only for those who know that there is one. */
  state(): UploadState;
  /** Adds an entry to the journal and then to the state; messages wait meanwhile. */
  note(entry: UploadEntry, durable: boolean, then: (reply: Reply<undefined>) => void): void;
  /** Runs something on the disk; messages wait meanwhile. */
  onDisk<T>(work: Promise<T>, then: (reply: Reply<T>) => void): void;
  /** Ends the upload and frees what it has; calls back when its bytes are gone. */
  end(reason: 'terminated' | 'expired' | 'mismatch' | 'damaged' | 'invalid', then: () => void): void;
}

export function refuse(replyTo: ReplyTo | undefined, { code, message, retryAfter }: AnyFault): void {
  replyTo?.settle(undefined, retryAfter === undefined ? { code, message } : { code, message, retryAfter });
}

interface AnyFault {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number;
}
