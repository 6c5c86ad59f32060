/**
 * The file records on MySQL. Lists are read from replicas that show every write that their reader may know of; all that
 * decides about access, quota or collection is read from the primary.
 *
 * Transactions take locks in one order: contents by hash, then the user's quota. The lock on a content
 * also covers its users' references to it.
 */

import { StorageFault } from '../../ports/faults.ts';
import type {
  AdoptedContent,
  ContentRecord,
  FileAccess,
  FileRecord,
  FileRecords,
  Finished,
  FinishedUpload,
  GrantOutcome,
  GrantToRoom,
  ListQuery,
  OpenedLink,
  SharedFile,
  ShareOutcome,
  ShareRecord,
  Usage,
} from '../../ports/file-records.ts';
import { isSameTarget, mayPurge, outcomeOf, viaShare } from '../../ports/file-rules.ts';
import type { SqlRunner } from '../connection.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import { AnnouncedAccess, userKey } from '../records/announced-access.ts';
import type { SqlTransaction } from '../transaction.ts';
import {
  collectableContents,
  deleteContent,
  forgetContent,
  insertContent,
  lockContent,
  readContent,
  referred,
  released,
  renewContent,
  setDeleting,
  setStored,
  stagedContents,
} from './contents.ts';
import {
  countDownload,
  deleteExpiredShares,
  deleteGrant,
  deleteShare,
  insertGrant,
  insertShare,
  isMember,
  readAccess,
  readLink,
  readShares,
  userExists,
} from './grants.ts';
import { charge, free, release, reserve, usage } from './quota.ts';
import {
  deleteFile,
  insertFile,
  listFiles,
  readFile,
  readFileByHash,
  readHolders,
  readTrashedBefore,
  renameFile,
  restoreFile,
  trashFile,
} from './user-files.ts';

/** `insertContent` loses to another transaction, whose row is gone again when it is locked: so often it is tried. */
const MAX_TRIES = 3;

export class MysqlFileRecords implements FileRecords {
  readonly #servers: MysqlServers;
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#servers = servers;
    this.#access = new AnnouncedAccess(servers);
  }

  reserve(user: string, uploadId: string, bytes: number, quotaBytes: number): Promise<boolean> {
    return this.#primary((tx) => reserve(tx, user, uploadId, bytes, quotaBytes));
  }

  async release(uploadId: string): Promise<void> {
    await this.#primary((tx) => release(tx, uploadId));
  }

  usage(user: string): Promise<Usage> {
    return usage(this.#servers.primary, user);
  }

  finish(upload: FinishedUpload): Promise<Finished | null> {
    return this.#write(upload.user, (tx) => finish(tx, upload));
  }

  adopt({
    user,
    hash,
    size,
    userFileId,
    name,
    at,
    quotaBytes = 0,
  }: AdoptedContent): Promise<Finished | 'absent' | 'over-quota'> {
    return this.#write(user, async (tx) => {
      const content = await lockContent(tx, hash);
      if (content === null || content.status === 'deleting' || content.size !== size) return 'absent';
      const had = await readFileByHash(tx, user, hash);
      if (had !== null) {
        await restoreFile(tx, user, had.id, at);
        return await finished(tx, 'had', user, hash);
      }
      if (!(await charge(tx, user, null, size, quotaBytes))) return 'over-quota';
      await give(tx, { id: userFileId, user, hash, name, at });
      return await finished(tx, 'joined', user, hash);
    });
  }

  content(hash: string): Promise<ContentRecord | null> {
    return readContent(this.#servers.primary, hash);
  }

  staged(limit: number, after = ''): Promise<readonly ContentRecord[]> {
    return stagedContents(this.#servers.primary, limit, after);
  }

  stored(hash: string, generation: string, address: string, at: number): Promise<boolean> {
    return this.#primary((tx) => setStored(tx, hash, generation, address, at));
  }

  holders(hash: string, limit: number): Promise<readonly { readonly user: string; readonly file: string }[]> {
    return readHolders(this.#servers.primary, hash, limit);
  }

  collectable(before: number, limit: number): Promise<readonly ContentRecord[]> {
    return collectableContents(this.#servers.primary, before, limit);
  }

  markDeleting(hash: string, generation: string, at: number): Promise<boolean> {
    return this.#primary((tx) => setDeleting(tx, hash, generation, at));
  }

  removed(hash: string, generation: string): Promise<boolean> {
    return this.#primary((tx) => deleteContent(tx, hash, generation));
  }

  file(user: string, id: string): Promise<FileRecord | null> {
    return this.#access.read([userKey(user)], (runner) => readFile(runner, user, id));
  }

  fileByHash(user: string, hash: string): Promise<FileRecord | null> {
    return readFileByHash(this.#servers.primary, user, hash);
  }

  list(user: string, query: ListQuery): Promise<readonly (FileRecord | SharedFile)[]> {
    // What others have shared changes by their writes, which are not announced under this user.
    if (query.scope === 'shared') return listFiles(this.#servers.primary, user, query);
    return this.#access.read([userKey(user)], (runner) => listFiles(runner, user, query));
  }

  rename(user: string, id: string, name: string, at: number): Promise<FileRecord | null> {
    return this.#change(user, id, (tx) => renameFile(tx, user, id, name, at));
  }

  trash(user: string, id: string, at: number): Promise<FileRecord | null> {
    return this.#change(user, id, (tx) => trashFile(tx, user, id, at));
  }

  restore(user: string, id: string, at: number): Promise<FileRecord | null> {
    return this.#change(user, id, (tx) => restoreFile(tx, user, id, at));
  }

  purge(user: string, id: string, at: number, trashedBefore?: number): Promise<boolean> {
    return this.#write(user, async (tx) => {
      const file = await lockFile(tx, user, id);
      if (file === null || !mayPurge(file, trashedBefore)) return false;
      for (const share of await readShares(tx, id)) await endShare(tx, share);
      await deleteFile(tx, id);
      await released(tx, file.hash, at);
      await free(tx, user, file.size);
      return true;
    });
  }

  trashedBefore(before: number, limit: number): Promise<readonly { readonly user: string; readonly id: string }[]> {
    return readTrashedBefore(this.#servers.primary, before, limit);
  }

  access(user: string, files: readonly string[], at: number): Promise<readonly FileAccess[]> {
    return readAccess(this.#servers.primary, user, files, at);
  }

  grantToRoom(grant: GrantToRoom): Promise<GrantOutcome> {
    return this.#primary(async (tx) => {
      if (!(await isMember(tx, grant.room, grant.by))) return 'forbidden';
      const files = [...grant.files].sort((a, b) => (a.hash < b.hash ? -1 : 1));
      for (const { hash } of files) {
        const content = await lockContent(tx, hash);
        if (content === null || content.status === 'deleting') return 'gone';
      }
      for (const file of files) {
        await insertGrant(tx, file, grant);
        await referred(tx, file.hash);
      }
      return 'granted';
    });
  }

  share(share: ShareRecord, maxShares: number): Promise<ShareOutcome> {
    const { target, owner } = share;
    const keys = [userKey(owner), ...(target.kind === 'user' ? [userKey(target.user)] : [])];
    return this.#access.writing(
      keys,
      (tx) => insertShareOnce(tx, share, maxShares),
      (outcome) => outcome === 'shared',
    );
  }

  async shares(user: string, file: string): Promise<readonly ShareRecord[] | null> {
    const { primary } = this.#servers;
    return (await readFile(primary, user, file)) === null ? null : await readShares(primary, file);
  }

  unshare(owner: string, file: string, id: string, at: number): Promise<boolean> {
    return this.#write(owner, async (tx) => {
      const held = await lockFile(tx, owner, file);
      const share = held === null ? undefined : (await readShares(tx, file)).find((one) => one.id === id);
      if (held === null || share === undefined) return false;
      await endShare(tx, share);
      await released(tx, held.hash, at);
      return true;
    });
  }

  async link(tokenHash: string, at: number): Promise<OpenedLink | null> {
    const { primary } = this.#servers;
    const share = await readLink(primary, tokenHash, at);
    const file = share === null ? null : await readFile(primary, share.owner, share.file);
    if (share === null || file === null || file.trashedAt !== null) return null;
    const content = await readContent(primary, file.hash);
    return content === null ? null : { share, file, content };
  }

  countDownload(share: string, at: number): Promise<boolean> {
    return this.#primary((tx) => countDownload(tx, share, at));
  }

  async forgetShares(before: number): Promise<void> {
    await this.#primary((tx) => deleteExpiredShares(tx, before));
  }

  #change(user: string, id: string, change: (tx: SqlTransaction) => Promise<boolean>): Promise<FileRecord | null> {
    return this.#write(user, async (tx) => ((await change(tx)) ? await readFile(tx, user, id) : null));
  }

  /** What only the primary reads needs no announcement. */
  #primary<T>(work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#servers.primary.transaction(work);
  }

  #write<T>(user: string, work: (tx: SqlTransaction) => Promise<T>): Promise<T> {
    return this.#access.writing([userKey(user)], work);
  }
}

async function finish(tx: SqlRunner, upload: FinishedUpload): Promise<Finished | null> {
  const { user, uploadId, userFileId, hash, size, name, address, at, quotaBytes = 0 } = upload;
  const before = await lockOrInsert(tx, upload);
  if (before !== null && before.size !== size) throw new StorageFault('refused', 'one hash has one size');
  const had = await readFileByHash(tx, user, hash);
  const outcome = outcomeOf(before, address, had !== null);
  if (had !== null) {
    if (uploadId !== null) await release(tx, uploadId);
    await restoreFile(tx, user, had.id, at);
    return await finished(tx, outcome, user, hash);
  }
  if (!(await charge(tx, user, uploadId, size, quotaBytes))) {
    if (before === null) await forgetContent(tx, hash);
    return null;
  }
  if (before?.status === 'deleting') await renewContent(tx, upload, before);
  await give(tx, { id: userFileId, user, hash, name, at });
  return await finished(tx, outcome, user, hash);
}

/** The content that was there, locked; null where it was made now. */
async function lockOrInsert(tx: SqlRunner, upload: FinishedUpload): Promise<ContentRecord | null> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await lockContent(tx, upload.hash);
    if (before !== null) return before;
    if (await insertContent(tx, upload)) return null;
  }
  throw new StorageFault('unavailable', 'the content is collected and uploaded at the same time');
}

async function give(
  tx: SqlRunner,
  file: {
    readonly id: string;
    readonly user: string;
    readonly hash: string;
    readonly name: string;
    readonly at: number;
  },
): Promise<void> {
  if (!(await insertFile(tx, file))) throw new StorageFault('refused', 'there is no such user');
  await referred(tx, file.hash);
}

async function finished(tx: SqlRunner, outcome: Finished['outcome'], user: string, hash: string): Promise<Finished> {
  const file = (await readFileByHash(tx, user, hash)) as FileRecord;
  return { outcome, file, content: (await readContent(tx, hash)) as ContentRecord };
}

/** The user's file with its content locked, so that it stays as it is for the rest of the transaction. */
async function lockFile(tx: SqlRunner, user: string, id: string): Promise<FileRecord | null> {
  const file = await readFile(tx, user, id);
  if (file === null) return null;
  await lockContent(tx, file.hash);
  return await readFile(tx, user, id);
}

async function insertShareOnce(tx: SqlRunner, share: ShareRecord, maxShares: number): Promise<ShareOutcome> {
  const { id, owner, target, createdAt: at } = share;
  const file = await lockFile(tx, owner, share.file);
  if (file === null || file.trashedAt !== null) return 'gone';
  const others = await readShares(tx, file.id);
  if (others.some((other) => isSameTarget(other.target, target))) return 'exists';
  if (others.length >= maxShares) return 'too-many';
  if (target.kind === 'user' && !(await userExists(tx, target.user))) return 'forbidden';
  if (target.kind === 'room') {
    if (!(await isMember(tx, target.room, owner))) return 'forbidden';
    const grant = { file: file.id, owner, hash: file.hash, name: file.name };
    await insertGrant(tx, grant, { room: target.room, by: owner, via: viaShare(id), at });
  }
  await insertShare(tx, share);
  return 'shared';
}

async function endShare(tx: SqlRunner, { id, file, target }: ShareRecord): Promise<void> {
  if (target.kind === 'room') await deleteGrant(tx, target.room, file, viaShare(id));
  await deleteShare(tx, id);
}
