/** The records in one SQLite file. Every write is durable when its method returns. */
import type { Database } from 'bun:sqlite';
import type {
  DeadTokens,
  DeviceRecord,
  MemberRecord,
  MembershipRecord,
  Records,
  RoomRecord,
  RoomRole,
  TokenPolicy,
  TokenRecord,
  UserRecord,
} from '../../ports/records.ts';
import { openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';
import { migrate } from '../migrations.ts';
import { Accounts } from './accounts.ts';
import { Revocations } from './revocations.ts';
import { RoomTables } from './rooms.ts';
import { RECORDS_MIGRATIONS } from './schema.ts';

export interface RecordsOptions {
  /** How long a write waits for another process that writes, a backup or an operator, before it is `unavailable`. */
  readonly lockWaitMs?: number;
}

export class SqliteRecords implements Records {
  readonly #db: Database;
  readonly #accounts: Accounts;
  readonly #revocations: Revocations;
  readonly #rooms: RoomTables;

  constructor(path: string, options: RecordsOptions = {}) {
    this.#db = guarded(`open ${path}`, () => {
      const db = openDatabase(path, { cacheKib: 16 * 1024, ...options });
      try {
        migrate(db, RECORDS_MIGRATIONS);
        return db;
      } catch (error) {
        db.close(true);
        throw error;
      }
    });
    this.#revocations = new Revocations(this.#db);
    this.#accounts = new Accounts(this.#db, this.#revocations);
    this.#rooms = new RoomTables(this.#db);
  }

  /** For what else is kept in the same file, on the same connection. Closed with the records. */
  get database(): Database {
    return this.#db;
  }

  createUser(user: UserRecord): boolean {
    return guarded('create a user', () => this.#accounts.createUser(user));
  }

  userByName(username: string): UserRecord | null {
    return guarded('read a user', () => this.#accounts.userByName(username));
  }

  userById(id: string): UserRecord | null {
    return guarded('read a user', () => this.#accounts.userById(id));
  }

  usersById(ids: readonly string[]): readonly { readonly id: string; readonly username: string }[] {
    return guarded('read users', () => this.#accounts.usersById(ids));
  }

  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): readonly string[] {
    return guarded('change a password', () => this.#accounts.changePassword(userId, passwordHash, keepTokenHash));
  }

  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): readonly string[] {
    return guarded('save a token', () => this.#accounts.saveToken(token, policy, maxTokens));
  }

  tokenByHash(userId: string, tokenHash: string): TokenRecord | null {
    return guarded('read a token', () => this.#accounts.tokenByHash(userId, tokenHash));
  }

  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): boolean {
    return guarded('renew a token', () => this.#accounts.renewToken(userId, oldHash, newHash, expiresAt));
  }

  deleteToken(userId: string, tokenHash: string): boolean {
    return guarded('delete a token', () => this.#accounts.deleteToken(userId, tokenHash));
  }

  devicesOf(userId: string): readonly DeviceRecord[] {
    return guarded("read a user's devices", () => this.#accounts.devicesOf(userId));
  }

  deleteDevice(userId: string, device: string): readonly string[] {
    return guarded('delete a device', () => this.#accounts.deleteDevice(userId, device));
  }

  touchToken(userId: string, tokenHash: string, seenAt: number): void {
    guarded('touch a token', () => this.#accounts.touchToken(userId, tokenHash, seenAt));
  }

  deadTokens(since: number, limit: number): DeadTokens {
    return guarded('read dead tokens', () => this.#revocations.read(since, limit));
  }

  forgetDeadTokens(before: number): void {
    guarded('forget dead tokens', () => this.#revocations.forget(before));
  }

  createRoom(room: RoomRecord, members: readonly { readonly user: string; readonly role: RoomRole }[]): boolean {
    return guarded('create a room', () => this.#rooms.createRoom(room, members));
  }

  room(id: string): RoomRecord | null {
    return guarded('read a room', () => this.#rooms.room(id));
  }

  members(room: string): readonly MemberRecord[] {
    return guarded('read members', () => this.#rooms.members(room));
  }

  addMember(room: string, user: string, role: RoomRole, read: number, version: number): boolean {
    return guarded('add a member', () => this.#rooms.addMember(room, user, role, read, version));
  }

  removeMember(room: string, user: string, version: number): boolean {
    return guarded('remove a member', () => this.#rooms.removeMember(room, user, version));
  }

  saveReads(reads: readonly { readonly room: string; readonly user: string; readonly seq: number }[]): void {
    guarded('save read positions', () => this.#rooms.saveReads(reads));
  }

  membershipsOf(user: string): readonly MembershipRecord[] {
    return guarded("read a user's rooms", () => this.#rooms.membershipsOf(user));
  }

  close(): void {
    guarded('close the records', () => this.#db.close(true));
  }
}
