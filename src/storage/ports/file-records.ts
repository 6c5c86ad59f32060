/**
 * Records of files: contents, who has them, and who else may read them.
 *
 * A content is one row for each hash, whoever brought it. It has a reference from each user who has it (a file, in the trash
 * or not) and from each room that it was posted to. Contents without a reference are collected: see `markDeleting`.
 *
 * Times are milliseconds since the epoch (UTC), sizes bytes, hashes hex SHA-256, ids nanoids; all compare by byte. Every
 * write is durable before it answers, and one transaction.
 */
import type { Promised } from './records.ts';

/**
 * - `staged`: its bytes are on the disk of the node that took them.
 * - `stored`: they are in the object store.
 * - `deleting`: nobody refers to it and its bytes are being removed. Nobody reads it and nobody may refer to it.
 */
export type ContentStatus = 'staged' | 'stored' | 'deleting';

/** Hashes that nobody needs for finding a content: computed where they were asked for, as lower-case hex. */
export interface OtherHashes {
  readonly md5?: string;
  readonly sha1?: string;
  readonly crc32?: string;
  readonly crc64?: string;
}

export interface ContentRecord {
  readonly id: string;
  readonly hash: string;
  readonly size: number;
  /** As sniffed from the bytes, never as the client said: `application/octet-stream` where they tell nothing. */
  readonly type: string;
  /** Where the bytes are, as `file-address.ts` writes it. */
  readonly address: string;
  /** Unique among all generations of all contents: what was written under one is never rewritten, and is deleted once. */
  readonly generation: string;
  readonly status: ContentStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly hashes: OtherHashes;
}

/** A content as a user has it. */
export interface FileRecord {
  readonly id: string;
  readonly user: string;
  readonly hash: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly uploadedAt: number;
  readonly updatedAt: number;
  /** When it was put into the trash; null where it was not. */
  readonly trashedAt: number | null;
}

/** A file of somebody else that was given to a user. */
export interface SharedFile extends FileRecord {
  /** The share's id. */
  readonly share: string;
  readonly sharedAt: number;
}

export interface FinishedUpload {
  readonly user: string;
  /** Whose reservation is settled. Null for what never reserved. */
  readonly uploadId: string | null;
  /** Id of the content, and its generation, where a row or a generation is made. Fresh. */
  readonly fileId: string;
  /** Id of the user's file where one is made. Fresh. */
  readonly userFileId: string;
  readonly hash: string;
  readonly size: number;
  readonly name: string;
  readonly type: string;
  readonly address: string;
  readonly at: number;
  readonly hashes?: OtherHashes;
  /** Bound on what the user has, for what was not reserved; absent or 0 for none. */
  readonly quotaBytes?: number;
}

/** A content that is known already, given to one more user. */
export interface AdoptedContent {
  readonly user: string;
  readonly hash: string;
  readonly size: number;
  readonly userFileId: string;
  readonly name: string;
  readonly at: number;
  readonly quotaBytes?: number;
}

/**
 * - `new`: the content is new, or was being deleted; `address` is in use now.
 * - `joined`: the content was there already; the user has it from now on. What was uploaded may go.
 * - `had`: the user had it already, and keeps its name; in the trash it is restored. What was uploaded may go.
 */
export type FinishOutcome = 'new' | 'joined' | 'had';

export interface Finished {
  readonly outcome: FinishOutcome;
  readonly file: FileRecord;
  readonly content: ContentRecord;
}

export interface Usage {
  /** Of all files of the user, those in the trash included. */
  readonly usedBytes: number;
  /** Of uploads that are under way. */
  readonly reservedBytes: number;
  readonly files: number;
}

/** Where a page of a list begins: behind this entry, in descending order of time and id. */
export interface ListCursor {
  readonly at: number;
  readonly id: string;
}

/** `own` are the files out of the trash, `shared` those that others gave to the user. */
export type ListScope = 'own' | 'trash' | 'shared';

export interface ListQuery {
  readonly scope: ListScope;
  readonly limit: number;
  readonly after?: ListCursor;
  /** Part of the name; case does not count. */
  readonly search?: string;
  /** When it is asked: gifts that have expired by then are left out. */
  readonly at: number;
}

/**
 * Why a user may have to do with a file: it is theirs, it was posted to a room of theirs, or its owner gave it to them.
 * Nobody else learns that it exists.
 */
export type FileRole = 'owner' | 'member' | 'friend';

/** `gone`: the owner has none of it any more; rooms may. */
export type FileState = 'live' | 'trashed' | 'gone';

/** What decides about a file: see `src/actors/files/permissions.ts`. */
export interface FileAccess {
  readonly file: string;
  readonly owner: string;
  readonly name: string;
  readonly state: FileState;
  /** Every role of the user, at least one. */
  readonly roles: readonly FileRole[];
  readonly content: ContentRecord;
}

/** One file for a room. */
export interface RoomGrant {
  readonly file: string;
  readonly owner: string;
  readonly hash: string;
  readonly name: string;
}

export interface GrantToRoom {
  readonly room: string;
  /** Who grants it: has to be a member. */
  readonly by: string;
  /** What it was granted by: unique among the grants of the room and the file, so that a repetition changes nothing. */
  readonly via: string;
  readonly files: readonly RoomGrant[];
  readonly at: number;
}

/** - `forbidden`: who grants is no member. - `gone`: a content is being deleted, or is gone. Nothing was granted then. */
export type GrantOutcome = 'granted' | 'forbidden' | 'gone';

export type ShareTarget =
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'room'; readonly room: string }
  | {
      readonly kind: 'link';
      /** Hex SHA-256 of the token, which itself is never stored. */
      readonly tokenHash: string;
      /** Signs what the link hands out. */
      readonly secret: string;
      readonly passwordHash: string | null;
      readonly maxDownloads: number | null;
    };

export interface ShareRecord {
  readonly id: string;
  readonly file: string;
  readonly owner: string;
  readonly target: ShareTarget;
  readonly createdAt: number;
  /** Null for never. */
  readonly expiresAt: number | null;
  readonly downloads: number;
}

/** A link's share with what it leads to. */
export interface OpenedLink {
  readonly share: ShareRecord;
  readonly file: FileRecord;
  readonly content: ContentRecord;
}

/** - `exists`: the user has it from this owner already. - `gone`: the owner has no such file out of the trash. */
export type ShareOutcome = 'shared' | 'exists' | 'gone' | 'forbidden' | 'too-many';

export interface FileRecords {
  // ── quota ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sets aside room for an upload; again for the same upload, the new figure takes the place of the old one. False where
   * the user's files and reservations would pass the quota (0: none); then nothing has changed.
   */
  reserve(user: string, uploadId: string, bytes: number, quotaBytes: number): Promised<boolean>;
  /** Ends a reservation; one that is settled already, or never was, is no error. */
  release(uploadId: string): Promised<void>;
  usage(user: string): Promised<Usage>;

  // ── contents ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Records an upload whose bytes are safely at its address: the content, the user's file and the quota in one step. Null
   * where the quota would be passed, which a sufficient reservation rules out; then nothing has changed.
   *
   * *Details.* The user's quota is charged once for each content. To finish again with the same ids, as after a crash,
   * answers with what is there and charges nothing. Refused (`StorageFault`) where a known hash has another size.
   */
  finish(upload: FinishedUpload): Promised<Finished | null>;
  /** As `finish` for a content that is there. `absent` where it is not, is being deleted, or has another size. */
  adopt(adoption: AdoptedContent): Promised<Finished | 'absent' | 'over-quota'>;
  /** Null where there is none. What is being deleted is told too. */
  content(hash: string): Promised<ContentRecord | null>;
  /** Staged contents by age, for those who move them: behind `after` in the order of hashes. */
  staged(limit: number, after?: string): Promised<readonly ContentRecord[]>;
  /** The bytes have moved to the object store. False where that generation is not there any more: its object has to go. */
  stored(hash: string, generation: string, address: string, at: number): Promised<boolean>;
  /** Users who have the content, to be told of it. */
  holders(hash: string, limit: number): Promised<readonly { readonly user: string; readonly file: string }[]>;

  // ── garbage collection ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Contents to which nothing has referred since before this time, and those whose deletion was begun; oldest first. */
  collectable(before: number, limit: number): Promised<readonly ContentRecord[]>;
  /** In a transaction that finds no reference. True for one that is `deleting` already; false where somebody refers to it. */
  markDeleting(hash: string, generation: string, at: number): Promised<boolean>;
  /** The bytes of a deleting generation are gone: removes its row. False where the generation is another by now. */
  removed(hash: string, generation: string): Promised<boolean>;

  // ── a user's files ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** The user's own file, in the trash or not. */
  file(user: string, id: string): Promised<FileRecord | null>;
  /** By hash, in the trash or not: what the user need not upload again. */
  fileByHash(user: string, hash: string): Promised<FileRecord | null>;
  list(user: string, query: ListQuery): Promised<readonly (FileRecord | SharedFile)[]>;
  /** These return the file as it is then; null where the user has none such (out of the trash, or in it for the latter two). */
  rename(user: string, id: string, name: string, at: number): Promised<FileRecord | null>;
  trash(user: string, id: string, at: number): Promised<FileRecord | null>;
  restore(user: string, id: string, at: number): Promised<FileRecord | null>;
  /**
   * Ends the user's reference, frees the quota and ends the file's shares; what was posted to rooms stays there. With
   * `trashedBefore`, only a file that is in the trash since before that time.
   */
  purge(user: string, id: string, at: number, trashedBefore?: number): Promised<boolean>;
  /** Files in the trash since before this time, oldest first. */
  trashedBefore(before: number, limit: number): Promised<readonly { readonly user: string; readonly id: string }[]>;

  // ── access ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What the user has to do with each file. Files with which it is nothing, or that do not exist, are left out. Never from a replica. */
  access(user: string, files: readonly string[], at: number): Promised<readonly FileAccess[]>;
  /** Gives the room's members the right to read. All or none. */
  grantToRoom(grant: GrantToRoom): Promised<GrantOutcome>;

  /** A share to a room grants it there too, via `share:ID`. At most `maxShares` of a file. */
  share(share: ShareRecord, maxShares: number): Promised<ShareOutcome>;
  /** Of a file that the user owns, oldest first; null where there is no such file. */
  shares(user: string, file: string): Promised<readonly ShareRecord[] | null>;
  /** False where the owner has no such share. */
  unshare(owner: string, file: string, share: string, at: number): Promised<boolean>;
  /** Null where there is none, it has expired, or its file is in the trash. */
  link(tokenHash: string, at: number): Promised<OpenedLink | null>;
  /** Counts one download; false where there are no more to have. */
  countDownload(share: string, at: number): Promised<boolean>;
  /** Forgets links and gifts that expired before this time. */
  forgetShares(before: number): Promised<void>;
}
