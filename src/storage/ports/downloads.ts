/**
 * Records of downloads: what users have asked the engine to fetch for them, and how far it has come. Times are milliseconds
 * since the epoch (UTC), sizes bytes. Every write is durable before it answers.
 */
import type { Promised } from './records.ts';

/**
 * - `queued`: waits for its turn, or for the next try.
 * - `running`: is being fetched.
 * - `paused`: its user has stopped it for the time being; what is there is kept.
 * - `done`, `failed`, `cancelled`: ended; it changes no more.
 */
export type DownloadState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled';

export const OPEN_STATES: readonly DownloadState[] = ['queued', 'running', 'paused'];

export interface DownloadRecord {
  readonly id: string;
  readonly user: string;
  readonly url: string;
  /** Empty until it is known. */
  readonly name: string;
  /** Null until it is known. */
  readonly size: number | null;
  /** Bytes that are there. */
  readonly received: number;
  readonly state: DownloadState;
  /** Why it failed, as one of the codes of a download; empty where it did not. */
  readonly problem: string;
  /** Id of the user's file once it is done. */
  readonly file: string | null;
  /** What it takes to go on with the same content. */
  readonly validator: string | null;
  /** Id of the upload that what comes is written to; null before the first byte. */
  readonly upload: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What changes in the life of a download; what is left out stays. */
export type DownloadChange = Partial<
  Pick<DownloadRecord, 'name' | 'size' | 'received' | 'state' | 'problem' | 'file' | 'validator' | 'upload'>
>;

/** Where a page begins: behind this download, in descending order of time and id. */
export interface DownloadCursor {
  readonly at: number;
  readonly id: string;
}

export interface Downloads {
  /** False where the user has as many open downloads already. */
  create(download: DownloadRecord, maxOpen: number): Promised<boolean>;
  /** Never from a replica. Null where there is none. */
  download(id: string): Promised<DownloadRecord | null>;
  /** Of one user, newest first. */
  downloadsOf(user: string, limit: number, after?: DownloadCursor): Promised<readonly DownloadRecord[]>;
  /** Changes it if it is in one of these states, and answers with it as it is then; null where it is not. */
  change(
    id: string,
    from: readonly DownloadState[],
    change: DownloadChange,
    at: number,
  ): Promised<DownloadRecord | null>;
  /** Those that ought to be under way, behind `after` in the order of their ids: for whoever starts. */
  unfinished(limit: number, after?: string): Promised<readonly DownloadRecord[]>;
  /** Forgets what ended before this time; says how many. At most `limit` at once. */
  forgetEnded(before: number, limit: number): Promised<number>;
  close(): Promise<void>;
}
