/** Users and their tokens. */
import type { Database, Statement } from 'bun:sqlite';
import { StorageFault } from '../../ports/faults.ts';
import { searchKeysOf } from '../../ports/people.ts';
import type { DeviceRecord, TokenPolicy, TokenRecord, UserRecord } from '../../ports/records.ts';
import { Names } from './names.ts';
import type { Revocations } from './revocations.ts';

type NamedUser = { readonly id: string; readonly username: string };
type Hash = { readonly hash: string };

const USER = 'SELECT id, username, password_hash AS passwordHash, created_at AS createdAt FROM users';
const DELETE_TOKENS = 'DELETE FROM user_token WHERE user_id = ?1';

export class Accounts {
  readonly #db: Database;
  readonly #revocations: Revocations;
  readonly #names: Names;
  readonly #insertUser: Statement<unknown, [string, string, string, number]>;
  readonly #userByName: Statement<UserRecord, [string]>;
  readonly #userById: Statement<UserRecord, [string]>;
  readonly #usersById: Statement<NamedUser, [string]>;
  readonly #setPassword: Statement<unknown, [string, string]>;
  readonly #insertToken: Statement<unknown, [string, string, string, string, number, number]>;
  readonly #tokenByHash: Statement<TokenRecord, [string, string]>;
  readonly #renewToken: Statement<unknown, [string, string, string, number]>;
  readonly #deleteToken: Statement<unknown, [string, string]>;
  readonly #deleteAllBut: Statement<Hash, [string, string | null]>;
  readonly #deleteDevice: Statement<Hash, [string, string]>;
  readonly #devices: Statement<DeviceRecord, [string]>;
  readonly #isBarred: Statement<unknown, [string, number]>;
  readonly #touchToken: Statement<unknown, [string, string, number]>;
  readonly #deleteOldest: Statement<Hash, [string, number]>;

  constructor(db: Database, revocations: Revocations) {
    this.#db = db;
    this.#revocations = revocations;
    this.#names = new Names(db);
    this.#insertUser = db.prepare('INSERT INTO users VALUES (?, ?, ?, ?) ON CONFLICT (username) DO NOTHING');
    this.#userByName = db.prepare(`${USER} WHERE username = ?`);
    this.#userById = db.prepare(`${USER} WHERE id = ?`);
    this.#usersById = db.prepare('SELECT id, username FROM users WHERE id IN (SELECT value FROM json_each(?))');
    this.#setPassword = db.prepare('UPDATE users SET password_hash = ?2 WHERE id = ?1');
    this.#insertToken = db.prepare(`
      INSERT INTO user_token (user_id, username, device, token_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`);
    this.#tokenByHash = db.prepare(`
      SELECT user_id AS userId, username, device, token_hash AS tokenHash, created_at AS createdAt,
        expires_at AS expiresAt
      FROM user_token WHERE user_id = ? AND token_hash = ?`);
    this.#renewToken = db.prepare(`
      UPDATE user_token SET token_hash = ?3, expires_at = ?4 WHERE user_id = ?1 AND token_hash = ?2`);
    this.#deleteToken = db.prepare(`${DELETE_TOKENS} AND token_hash = ?2`);
    this.#deleteAllBut = db.prepare(`${DELETE_TOKENS} AND token_hash IS NOT ?2 RETURNING token_hash AS hash`);
    this.#deleteDevice = db.prepare(`${DELETE_TOKENS} AND device = ?2 RETURNING token_hash AS hash`);
    this.#devices = db.prepare(`
      SELECT device, token_hash AS tokenHash, created_at AS createdAt, expires_at AS expiresAt,
        max(seen_at, created_at) AS seenAt
      FROM user_token WHERE user_id = ? ORDER BY created_at DESC, id DESC`);
    this.#isBarred = db.prepare(
      'SELECT 1 FROM user_standing WHERE user_id = ? AND (suspended_until > ? OR deleted_at > 0)',
    );
    this.#touchToken = db.prepare(
      'UPDATE user_token SET seen_at = ?3 WHERE user_id = ?1 AND token_hash = ?2 AND seen_at < ?3',
    );
    this.#deleteOldest = db.prepare(`
      ${DELETE_TOKENS} AND id IN (
        SELECT id FROM user_token WHERE user_id = ?1 ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?2
      ) RETURNING token_hash AS hash`);
  }

  createUser(user: UserRecord): boolean {
    return this.#within(() => {
      const { id, username, passwordHash, createdAt } = user;
      if (this.#insertUser.run(id, username, passwordHash, createdAt).changes === 0) return false;
      this.#names.replace(id, searchKeysOf(username, ''));
      return true;
    });
  }

  userByName(username: string): UserRecord | null {
    return this.#userByName.get(username);
  }

  userById(id: string): UserRecord | null {
    return this.#userById.get(id);
  }

  usersById(ids: readonly string[]): readonly NamedUser[] {
    return this.#usersById.all(JSON.stringify(ids));
  }

  changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): readonly string[] {
    return this.#within(() => {
      const { changes } = this.#setPassword.run(userId, passwordHash);
      if (changes === 0) throw new StorageFault('refused', 'there is no such user');
      const gone = hashes(this.#deleteAllBut.all(userId, keepTokenHash));
      this.#revocations.add(userId, gone);
      return gone;
    });
  }

  saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): readonly string[] {
    const { userId, username, device, tokenHash, createdAt, expiresAt } = token;
    return this.#within(() => {
      if (this.#isBarred.get(userId, createdAt) !== null) throw new StorageFault('refused', 'the user is barred');
      const deleted =
        policy === 'single' ? this.#deleteAllBut.all(userId, null) : this.#deleteDevice.all(userId, device);
      // Room is made before the new token comes, which is never the one to go however old its time says it is.
      deleted.push(...this.#deleteOldest.all(userId, Math.max(0, maxTokens - 1)));
      this.#insertToken.run(userId, username, device, tokenHash, createdAt, expiresAt);
      const gone = hashes(deleted).filter((hash) => hash !== tokenHash);
      this.#revocations.add(userId, gone);
      return gone;
    });
  }

  tokenByHash(userId: string, tokenHash: string): TokenRecord | null {
    return this.#tokenByHash.get(userId, tokenHash);
  }

  renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): boolean {
    return this.#within(() => {
      if (this.#renewToken.run(userId, oldHash, newHash, expiresAt).changes === 0) return false;
      if (newHash !== oldHash) this.#revocations.add(userId, [oldHash]);
      return true;
    });
  }

  deleteToken(userId: string, tokenHash: string): boolean {
    return this.#within(() => {
      if (this.#deleteToken.run(userId, tokenHash).changes === 0) return false;
      this.#revocations.add(userId, [tokenHash]);
      return true;
    });
  }

  devicesOf(userId: string): readonly DeviceRecord[] {
    return this.#devices.all(userId);
  }

  deleteDevice(userId: string, device: string): readonly string[] {
    return this.#within(() => {
      const gone = hashes(this.#deleteDevice.all(userId, device));
      this.#revocations.add(userId, gone);
      return gone;
    });
  }

  touchToken(userId: string, tokenHash: string, seenAt: number): void {
    this.#touchToken.run(userId, tokenHash, seenAt);
  }

  #within<T>(work: () => T): T {
    return this.#db.transaction(work).immediate();
  }
}

function hashes(rows: readonly Hash[]): string[] {
  return rows.map((row) => row.hash);
}
