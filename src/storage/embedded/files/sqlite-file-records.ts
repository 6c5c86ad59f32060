/** The file records in the SQLite file of the records, on their connection: one writer, so that a transaction sees all. */
import type { Database } from 'bun:sqlite';
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
import { guarded } from '../faults.ts';
import { Contents } from './contents.ts';
import { Grants } from './grants.ts';
import { Quota } from './quota.ts';
import { UserFiles } from './user-files.ts';

export class SqliteFileRecords implements FileRecords {
  readonly #db: Database;
  readonly #quota: Quota;
  readonly #contents: Contents;
  readonly #files: UserFiles;
  readonly #grants: Grants;

  /** The connection of the records, whose migrations make the tables. It stays theirs to close. */
  constructor(db: Database) {
    this.#db = db;
    this.#quota = new Quota(db);
    this.#contents = new Contents(db);
    this.#files = new UserFiles(db);
    this.#grants = new Grants(db);
  }

  reserve(user: string, uploadId: string, bytes: number, quotaBytes: number): boolean {
    return this.#within('reserve room for an upload', () => this.#quota.reserve(user, uploadId, bytes, quotaBytes));
  }

  release(uploadId: string): void {
    this.#within('release a reservation', () => this.#quota.release(uploadId));
  }

  usage(user: string): Usage {
    return this.#within('read what a user has', () => this.#quota.usage(user));
  }

  finish(upload: FinishedUpload): Finished | null {
    return this.#within('record a finished upload', () => {
      const { user, uploadId, userFileId, hash, size, name, address, at, quotaBytes = 0 } = upload;
      const before = this.#contents.byHash(hash);
      if (before !== null && before.size !== size) throw new StorageFault('refused', 'one hash has one size');
      const had = this.#files.byHash(user, hash);
      const outcome = outcomeOf(before, address, had !== null);
      if (had !== null) {
        if (uploadId !== null) this.#quota.release(uploadId);
        this.#files.restore(user, had.id, at);
      } else {
        if (!this.#quota.charge(user, uploadId, size, quotaBytes)) return null;
        if (before === null || before.status === 'deleting') this.#contents.put(upload, before);
        this.#give(userFileId, user, hash, name, at);
      }
      return this.#finished(outcome, user, hash);
    });
  }

  adopt({
    user,
    hash,
    size,
    userFileId,
    name,
    at,
    quotaBytes = 0,
  }: AdoptedContent): Finished | 'absent' | 'over-quota' {
    return this.#within('give a user a known content', () => {
      if (this.#contents.usable(hash, size) === null) return 'absent';
      const had = this.#files.byHash(user, hash);
      if (had !== null) {
        this.#files.restore(user, had.id, at);
        return this.#finished('had', user, hash);
      }
      if (!this.#quota.charge(user, null, size, quotaBytes)) return 'over-quota';
      this.#give(userFileId, user, hash, name, at);
      return this.#finished('joined', user, hash);
    });
  }

  content(hash: string): ContentRecord | null {
    return guarded('read a content', () => this.#contents.byHash(hash));
  }

  staged(limit: number, after = ''): readonly ContentRecord[] {
    return guarded('read staged contents', () => this.#contents.staged(limit, after));
  }

  stored(hash: string, generation: string, address: string, at: number): boolean {
    return this.#within('record a stored content', () => this.#contents.stored(hash, generation, address, at));
  }

  holders(hash: string, limit: number): readonly { readonly user: string; readonly file: string }[] {
    return guarded('read who has a content', () => this.#files.holders(hash, limit));
  }

  collectable(before: number, limit: number): readonly ContentRecord[] {
    return guarded('read what nobody refers to', () => this.#contents.collectable(before, limit));
  }

  markDeleting(hash: string, generation: string, at: number): boolean {
    return this.#within('begin to delete a content', () => this.#contents.markDeleting(hash, generation, at));
  }

  removed(hash: string, generation: string): boolean {
    return this.#within('delete a content', () => this.#contents.removed(hash, generation));
  }

  file(user: string, id: string): FileRecord | null {
    return guarded('read a file', () => this.#files.byId(user, id));
  }

  fileByHash(user: string, hash: string): FileRecord | null {
    return guarded('read a file', () => this.#files.byHash(user, hash));
  }

  list(user: string, query: ListQuery): readonly (FileRecord | SharedFile)[] {
    return guarded('list files', () => this.#files.list(user, query));
  }

  rename(user: string, id: string, name: string, at: number): FileRecord | null {
    return this.#change('rename a file', user, id, false, () => this.#files.rename(user, id, name, at));
  }

  trash(user: string, id: string, at: number): FileRecord | null {
    return this.#change('throw a file away', user, id, false, () => this.#files.trash(user, id, at));
  }

  restore(user: string, id: string, at: number): FileRecord | null {
    return this.#change('restore a file', user, id, true, () => this.#files.restore(user, id, at));
  }

  purge(user: string, id: string, at: number, trashedBefore?: number): boolean {
    return this.#within('delete a file', () => {
      const file = this.#files.byId(user, id);
      if (file === null || !mayPurge(file, trashedBefore)) return false;
      for (const share of this.#grants.sharesOf(id)) this.#endShare(share);
      this.#files.delete(id);
      this.#quota.free(user, file.size);
      this.#contents.released(file.hash, at);
      return true;
    });
  }

  trashedBefore(before: number, limit: number): readonly { readonly user: string; readonly id: string }[] {
    return guarded('read the trash', () => this.#files.trashedBefore(before, limit));
  }

  access(user: string, files: readonly string[], at: number): readonly FileAccess[] {
    return guarded('read the access to files', () => this.#grants.access(user, files, at));
  }

  grantToRoom(grant: GrantToRoom): GrantOutcome {
    return this.#within('grant files to a room', () => {
      if (!this.#grants.isMember(grant.room, grant.by)) return 'forbidden';
      const contents = grant.files.map(({ hash }) => this.#contents.byHash(hash));
      if (contents.some((content) => content === null || content.status === 'deleting')) return 'gone';
      for (const file of grant.files) {
        this.#grants.grant(file, grant);
        this.#contents.referred(file.hash);
      }
      return 'granted';
    });
  }

  share(share: ShareRecord, maxShares: number): ShareOutcome {
    return this.#within('share a file', () => {
      const { id, owner, target, createdAt: at } = share;
      const file = this.#files.byId(owner, share.file);
      if (file === null || file.trashedAt !== null) return 'gone';
      const others = this.#grants.sharesOf(file.id);
      if (others.some((other) => isSameTarget(other.target, target))) return 'exists';
      if (others.length >= maxShares) return 'too-many';
      if (target.kind === 'user' && !this.#grants.userExists(target.user)) return 'forbidden';
      if (target.kind === 'room') {
        if (!this.#grants.isMember(target.room, owner)) return 'forbidden';
        const grant = { file: file.id, owner, hash: file.hash, name: file.name };
        this.#grants.grant(grant, { room: target.room, by: owner, via: viaShare(id), at });
      }
      this.#grants.insertShare(share);
      return 'shared';
    });
  }

  shares(user: string, file: string): readonly ShareRecord[] | null {
    return guarded('read shares', () => (this.#files.byId(user, file) === null ? null : this.#grants.sharesOf(file)));
  }

  unshare(owner: string, file: string, id: string, at: number): boolean {
    return this.#within('end a share', () => {
      const held = this.#files.byId(owner, file);
      const share = held === null ? undefined : this.#grants.sharesOf(file).find((one) => one.id === id);
      if (held === null || share === undefined) return false;
      this.#endShare(share);
      this.#contents.released(held.hash, at);
      return true;
    });
  }

  link(tokenHash: string, at: number): OpenedLink | null {
    return guarded('read a link', () => {
      const share = this.#grants.linkShare(tokenHash, at);
      const file = share === null ? null : this.#files.byId(share.owner, share.file);
      if (share === null || file === null || file.trashedAt !== null) return null;
      return { share, file, content: this.#contents.byHash(file.hash) as ContentRecord };
    });
  }

  countDownload(share: string, at: number): boolean {
    return this.#within('count a download', () => this.#grants.countDownload(share, at));
  }

  forgetShares(before: number): void {
    this.#within('forget shares', () => this.#grants.expiredShares(before));
  }

  #give(userFileId: string, user: string, hash: string, name: string, at: number): void {
    if (!this.#files.insert(userFileId, user, hash, name, at))
      throw new StorageFault('refused', 'there is no such user');
    this.#contents.referred(hash);
  }

  #finished(outcome: Finished['outcome'], user: string, hash: string): Finished {
    const file = this.#files.byHash(user, hash) as FileRecord;
    return { outcome, file, content: this.#contents.byHash(hash) as ContentRecord };
  }

  #endShare({ id, file, target }: ShareRecord): void {
    if (target.kind === 'room') this.#grants.revoke(target.room, file, viaShare(id));
    this.#grants.deleteShare(id);
  }

  #change(doing: string, user: string, id: string, trashed: boolean, change: () => void): FileRecord | null {
    return this.#within(doing, () => {
      const file = this.#files.byId(user, id);
      if (file === null || (file.trashedAt !== null) !== trashed) return null;
      change();
      return this.#files.byId(user, id);
    });
  }

  #within<T>(doing: string, work: () => T): T {
    return guarded(doing, () => this.#db.transaction(work).immediate());
  }
}
