/** The file records' reference model: what the port says, in the plainest form. */
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type {
  AdoptedContent,
  ContentRecord,
  FileAccess,
  FileRecord,
  FileRecords,
  FileRole,
  Finished,
  FinishedUpload,
  GrantOutcome,
  GrantToRoom,
  ListQuery,
  OpenedLink,
  RoomGrant,
  SharedFile,
  ShareOutcome,
  ShareRecord,
  Usage,
} from '../../src/storage/ports/file-records.ts';
import type { MemoryRecords } from './memory-records.ts';

interface Content extends ContentRecord {
  readonly orphanedAt: number | null;
}

interface Grant extends RoomGrant {
  readonly room: string;
  readonly via: string;
}

export class MemoryFileRecords implements FileRecords {
  readonly #records: MemoryRecords;
  readonly #reservations = new Map<string, { readonly user: string; readonly bytes: number }>();
  readonly #contents = new Map<string, Content>();
  readonly #files = new Map<string, FileRecord>();
  #grants: Grant[] = [];
  #shares: ShareRecord[] = [];

  constructor(records: MemoryRecords) {
    this.#records = records;
  }

  reserve(user: string, uploadId: string, bytes: number, quotaBytes: number): boolean {
    const held = this.#reservations.get(uploadId);
    if (held !== undefined && held.user !== user) return false;
    if (!this.#fits(user, uploadId, bytes, quotaBytes)) return false;
    this.#reservations.set(uploadId, { user, bytes });
    return true;
  }

  release(uploadId: string): void {
    this.#reservations.delete(uploadId);
  }

  usage(user: string): Usage {
    const files = this.#filesOf(user);
    const reserved = [...this.#reservations.values()].filter((held) => held.user === user);
    return {
      usedBytes: files.reduce((sum, { size }) => sum + size, 0),
      reservedBytes: reserved.reduce((sum, { bytes }) => sum + bytes, 0),
      files: files.length,
    };
  }

  finish(upload: FinishedUpload): Finished | null {
    const { user, uploadId, fileId, userFileId, hash, size, name, type, address, at, hashes, quotaBytes = 0 } = upload;
    const before = this.#contents.get(hash);
    if (before !== undefined && before.size !== size) throw new StorageFault('refused', 'another size');
    const fresh = before === undefined || before.status === 'deleting';
    const had = this.#filesOf(user).find((file) => file.hash === hash);
    if (had === undefined && !this.#fits(user, uploadId ?? '', size, quotaBytes)) return null;
    this.#reservations.delete(uploadId ?? '');
    if (fresh) {
      const row = { id: fileId, hash, size, type, address, generation: fileId, status: 'staged' as const };
      const kept = before === undefined ? { createdAt: at, hashes: hashes ?? {} } : before;
      const { createdAt } = kept;
      const id = before?.id ?? fileId;
      this.#contents.set(hash, { ...row, id, createdAt, updatedAt: at, hashes: kept.hashes, orphanedAt: null });
    }
    if (had === undefined) this.#give(userFileId, user, hash, name, at);
    else this.restore(user, had.id, at);
    const own = fresh || before.address === address;
    return this.#finished(own ? 'new' : had === undefined ? 'joined' : 'had', user, hash);
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
    const content = this.#contents.get(hash);
    if (content === undefined || content.status === 'deleting' || content.size !== size) return 'absent';
    const had = this.#filesOf(user).find((file) => file.hash === hash);
    if (had !== undefined) {
      this.restore(user, had.id, at);
      return this.#finished('had', user, hash);
    }
    if (!this.#fits(user, '', size, quotaBytes)) return 'over-quota';
    this.#give(userFileId, user, hash, name, at);
    return this.#finished('joined', user, hash);
  }

  content(hash: string): ContentRecord | null {
    const content = this.#contents.get(hash);
    return content === undefined ? null : bare(content);
  }

  staged(limit: number, after = ''): readonly ContentRecord[] {
    return [...this.#contents.values()]
      .filter(({ status, hash }) => status === 'staged' && hash > after)
      .sort((a, b) => (a.hash < b.hash ? -1 : 1))
      .slice(0, limit)
      .map(bare);
  }

  stored(hash: string, generation: string, address: string, at: number): boolean {
    const content = this.#contents.get(hash);
    if (content?.generation !== generation) return false;
    const again = content.status === 'stored' && content.address === address;
    if (content.status !== 'staged' && !again) return false;
    this.#contents.set(hash, { ...content, status: 'stored', address, updatedAt: at });
    return true;
  }

  holders(hash: string, limit: number): readonly { readonly user: string; readonly file: string }[] {
    return [...this.#files.values()]
      .filter((file) => file.hash === hash)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ user, id }) => ({ user, file: id }));
  }

  collectable(before: number, limit: number): readonly ContentRecord[] {
    return [...this.#contents.values()]
      .filter(({ orphanedAt }) => orphanedAt !== null && orphanedAt < before)
      .sort((a, b) => (a.orphanedAt as number) - (b.orphanedAt as number) || (a.hash < b.hash ? -1 : 1))
      .slice(0, limit)
      .map(bare);
  }

  markDeleting(hash: string, generation: string, at: number): boolean {
    const content = this.#contents.get(hash);
    if (content?.generation !== generation || this.#isReferredTo(hash)) return false;
    this.#contents.set(hash, { ...content, status: 'deleting', updatedAt: at });
    return true;
  }

  removed(hash: string, generation: string): boolean {
    const content = this.#contents.get(hash);
    if (content?.generation !== generation || content.status !== 'deleting') return false;
    return this.#contents.delete(hash);
  }

  file(user: string, id: string): FileRecord | null {
    const file = this.#files.get(id);
    return file?.user === user ? this.#withType(file) : null;
  }

  fileByHash(user: string, hash: string): FileRecord | null {
    const file = this.#filesOf(user).find((one) => one.hash === hash);
    return file === undefined ? null : this.#withType(file);
  }

  list(user: string, { scope, limit, after, search = '', at }: ListQuery): readonly (FileRecord | SharedFile)[] {
    const entries = scope === 'shared' ? this.#sharedWith(user, at) : this.#ownEntries(user, scope === 'trash');
    return entries
      .filter(({ file }) => file.name.toLowerCase().includes(search.toLowerCase()))
      .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
      .filter((entry) => after === undefined || entry.at < after.at || (entry.at === after.at && entry.id < after.id))
      .slice(0, limit)
      .map(({ file }) => file);
  }

  rename(user: string, id: string, name: string, at: number): FileRecord | null {
    return this.#change(user, id, false, (file) => ({ ...file, name, updatedAt: at }));
  }

  trash(user: string, id: string, at: number): FileRecord | null {
    return this.#change(user, id, false, (file) => ({ ...file, trashedAt: at, updatedAt: at }));
  }

  restore(user: string, id: string, at: number): FileRecord | null {
    return this.#change(user, id, true, (file) => ({ ...file, trashedAt: null, updatedAt: at }));
  }

  purge(user: string, id: string, at: number, trashedBefore?: number): boolean {
    const file = this.file(user, id);
    if (file === null) return false;
    if (trashedBefore !== undefined && (file.trashedAt ?? trashedBefore) >= trashedBefore) return false;
    for (const share of this.#shares.filter((one) => one.file === id)) this.unshare(user, id, share.id, at);
    this.#files.delete(id);
    this.#released(file.hash, at);
    return true;
  }

  trashedBefore(before: number, limit: number): readonly { readonly user: string; readonly id: string }[] {
    return [...this.#files.values()]
      .filter(({ trashedAt }) => trashedAt !== null && trashedAt < before)
      .sort((a, b) => (a.trashedAt as number) - (b.trashedAt as number) || (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(({ user, id }) => ({ user, id }));
  }

  access(user: string, files: readonly string[], at: number): readonly FileAccess[] {
    return [...new Set(files)].flatMap((id): FileAccess[] => {
      const held = this.#files.get(id);
      const state = held === undefined ? 'gone' : held.trashedAt === null ? 'live' : 'trashed';
      const grant = this.#grants.find((one) => one.file === id && this.#isMember(one.room, user));
      const roles: FileRole[] = [];
      if (held?.user === user) roles.push('owner');
      if (held !== undefined && this.#isFriend(id, user, at)) roles.push('friend');
      if (grant !== undefined) roles.push('member');
      if (roles.length === 0) return [];
      const { owner, hash, name } =
        held !== undefined && roles[0] !== 'member'
          ? { owner: held.user, hash: held.hash, name: held.name }
          : (this.#firstGrant(id, user) as RoomGrant);
      return [{ file: id, owner, name, state, roles, content: this.content(hash) as ContentRecord }];
    });
  }

  grantToRoom({ room, by, via, files }: GrantToRoom): GrantOutcome {
    if (!this.#isMember(room, by)) return 'forbidden';
    const contents = files.map(({ hash }) => this.#contents.get(hash));
    if (contents.some((content) => content === undefined || content.status === 'deleting')) return 'gone';
    for (const file of files) {
      const known = this.#grants.some((one) => one.room === room && one.file === file.file && one.via === via);
      if (!known) this.#grants.push({ ...file, room, via });
      this.#referred(file.hash);
    }
    return 'granted';
  }

  share(share: ShareRecord, maxShares: number): ShareOutcome {
    const { owner, target, id } = share;
    const file = this.file(owner, share.file);
    if (file === null || file.trashedAt !== null) return 'gone';
    const others = this.#shares.filter((one) => one.file === file.id);
    const same = (one: ShareRecord): boolean => {
      if (target.kind === 'user') return one.target.kind === 'user' && one.target.user === target.user;
      return target.kind === 'room' && one.target.kind === 'room' && one.target.room === target.room;
    };
    if (others.some(same)) return 'exists';
    if (others.length >= maxShares) return 'too-many';
    if (target.kind === 'user' && this.#records.userById(target.user) === null) return 'forbidden';
    if (target.kind === 'room') {
      if (!this.#isMember(target.room, owner)) return 'forbidden';
      const { hash, name } = file;
      this.#grants.push({ file: file.id, owner, hash, name, room: target.room, via: `share:${id}` });
    }
    this.#shares.push(share);
    return 'shared';
  }

  shares(user: string, file: string): readonly ShareRecord[] | null {
    if (this.file(user, file) === null) return null;
    return this.#shares
      .filter((one) => one.file === file)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  unshare(owner: string, file: string, share: string, at: number): boolean {
    const held = this.file(owner, file);
    if (held === null || !this.#shares.some((one) => one.id === share && one.file === file)) return false;
    this.#shares = this.#shares.filter((one) => one.id !== share);
    this.#grants = this.#grants.filter((one) => one.via !== `share:${share}`);
    this.#released(held.hash, at);
    return true;
  }

  link(tokenHash: string, at: number): OpenedLink | null {
    const share = this.#shares.find((one) => one.target.kind === 'link' && one.target.tokenHash === tokenHash);
    if (share === undefined || hasExpired(share, at)) return null;
    const file = this.file(share.owner, share.file);
    if (file === null || file.trashedAt !== null) return null;
    return { share, file, content: this.content(file.hash) as ContentRecord };
  }

  countDownload(id: string, at: number): boolean {
    const share = this.#shares.find((one) => one.id === id);
    if (share === undefined || share.target.kind !== 'link' || hasExpired(share, at)) return false;
    const { maxDownloads } = share.target;
    if (maxDownloads !== null && share.downloads >= maxDownloads) return false;
    this.#shares = this.#shares.map((one) => (one.id === id ? { ...one, downloads: one.downloads + 1 } : one));
    return true;
  }

  forgetShares(before: number): void {
    this.#shares = this.#shares.filter(({ expiresAt }) => expiresAt === null || expiresAt >= before);
  }

  #filesOf(user: string): FileRecord[] {
    return [...this.#files.values()].filter((file) => file.user === user);
  }

  #fits(user: string, uploadId: string, size: number, quotaBytes: number): boolean {
    const held = this.#reservations.get(uploadId);
    const own = held?.user === user ? held.bytes : 0;
    const { usedBytes, reservedBytes } = this.usage(user);
    return quotaBytes === 0 || own >= size || usedBytes + reservedBytes - own + size <= quotaBytes;
  }

  #give(id: string, user: string, hash: string, name: string, at: number): void {
    const { size, type } = this.#contents.get(hash) as Content;
    this.#files.set(id, { id, user, hash, name, size, type, uploadedAt: at, updatedAt: at, trashedAt: null });
    this.#referred(hash);
  }

  #finished(outcome: Finished['outcome'], user: string, hash: string): Finished {
    const file = this.fileByHash(user, hash) as FileRecord;
    return { outcome, file, content: this.content(hash) as ContentRecord };
  }

  #change(user: string, id: string, trashed: boolean, change: (file: FileRecord) => FileRecord): FileRecord | null {
    const file = this.file(user, id);
    if (file === null || (file.trashedAt !== null) !== trashed) return null;
    const changed = change(file);
    this.#files.set(id, changed);
    return changed;
  }

  /** A new generation may have another type than the file that was made of the old one. */
  #withType(file: FileRecord): FileRecord {
    return { ...file, type: this.#contents.get(file.hash)?.type ?? file.type };
  }

  #ownEntries(user: string, trashed: boolean): { file: FileRecord; at: number; id: string }[] {
    return this.#filesOf(user)
      .filter(({ trashedAt }) => (trashedAt !== null) === trashed)
      .map((file) => ({ file: this.#withType(file), at: file.trashedAt ?? file.uploadedAt, id: file.id }));
  }

  #sharedWith(user: string, at: number): { file: SharedFile; at: number; id: string }[] {
    return this.#shares.flatMap((share) => {
      const file = this.#files.get(share.file);
      if (file === undefined || file.trashedAt !== null || hasExpired(share, at)) return [];
      if (share.target.kind !== 'user' || share.target.user !== user) return [];
      const shared = { ...this.#withType(file), share: share.id, sharedAt: share.createdAt };
      return [{ file: shared, at: share.createdAt, id: share.id }];
    });
  }

  /** Of several, the first by name, as members who have several ways see one. */
  #firstGrant(file: string, user: string): RoomGrant | undefined {
    return this.#grants
      .filter((one) => one.file === file && this.#isMember(one.room, user))
      .sort((a, b) => (a.name < b.name ? -1 : 1))[0];
  }

  #isFriend(file: string, user: string, at: number): boolean {
    const toThem = (share: ShareRecord): boolean => share.target.kind === 'user' && share.target.user === user;
    return this.#shares.some((share) => share.file === file && toThem(share) && !hasExpired(share, at));
  }

  #isMember(room: string, user: string): boolean {
    return this.#records.members(room).some((member) => member.user === user);
  }

  #isReferredTo(hash: string): boolean {
    return (
      [...this.#files.values()].some((file) => file.hash === hash) || this.#grants.some((one) => one.hash === hash)
    );
  }

  #referred(hash: string): void {
    this.#contents.set(hash, { ...(this.#contents.get(hash) as Content), orphanedAt: null });
  }

  #released(hash: string, at: number): void {
    if (this.#isReferredTo(hash)) return;
    this.#contents.set(hash, { ...(this.#contents.get(hash) as Content), orphanedAt: at });
  }
}

function hasExpired({ expiresAt }: ShareRecord, at: number): boolean {
  return expiresAt !== null && expiresAt <= at;
}

function bare({ orphanedAt: _, ...content }: Content): ContentRecord {
  return content;
}
