/** Users and their tokens. All of it is read from the primary: a password or a token that was revoked is dead at once. */
import { StorageFault } from '../../ports/faults.ts';
import { searchKeysOf } from '../../ports/people.ts';
import type { DeadTokens, DeviceRecord, TokenPolicy, TokenRecord, UserRecord } from '../../ports/records.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import { isDuplicate } from '../faults.ts';
import type { SqlPool } from '../pool.ts';
import { addNames } from './names.ts';
import { addRevocations, forgetRevocations, readRevocations } from './revocations.ts';
import { text } from './text.ts';

interface UserRow {
  readonly id: Uint8Array;
  readonly username: Uint8Array;
  readonly passwordHash: Uint8Array;
  readonly createdAt: number;
}

interface TokenRow {
  readonly userId: Uint8Array;
  readonly username: Uint8Array;
  readonly device: Uint8Array;
  readonly tokenHash: Uint8Array;
  readonly createdAt: number;
  readonly expiresAt: number;
}

interface DeviceRow extends Pick<TokenRow, 'device' | 'tokenHash' | 'createdAt' | 'expiresAt'> {
  readonly seenAt: number;
}

/** A token that is to go, or may have to. */
interface HeldToken {
  readonly id: number | string;
  readonly device: Uint8Array;
  readonly tokenHash: Uint8Array;
}

const USER = 'SELECT id, username, password_hash AS passwordHash, created_at AS createdAt FROM users';
const HELD = 'SELECT id, device, token_hash AS tokenHash FROM user_token WHERE user_id = ?';

export class Accounts {
  readonly #pool: SqlPool;

  constructor(pool: SqlPool) {
    this.#pool = pool;
  }

  /** The GTID of the commit, or false where the username is taken. */
  async createUser({ id, username, passwordHash, createdAt }: UserRecord): Promise<{ gtid: string | null } | false> {
    let gtid: string | null = null;
    const onCommit = (committed: string): void => {
      gtid = committed;
    };
    try {
      await this.#pool.transaction(
        async (tx) => {
          const values = [id, username, passwordHash, createdAt];
          await tx.run('INSERT INTO users (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)', values);
          await addNames(tx, id, searchKeysOf(username, ''));
        },
        { onCommit },
      );
      return { gtid };
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      // Where both are taken the server names the id alone.
      if (isDuplicate(error, 'username') || (await this.userByName(username)) !== null) return false;
      throw error;
    }
  }

  async userByName(username: string): Promise<UserRecord | null> {
    return firstUser(await this.#pool.rows<UserRow>(`${USER} WHERE username = ?`, [username]));
  }

  async userById(id: string): Promise<UserRecord | null> {
    return firstUser(await this.#pool.rows<UserRow>(`${USER} WHERE id = ?`, [id]));
  }

  async changePassword(userId: string, passwordHash: string, keepTokenHash: string | null): Promise<string[]> {
    return await this.#pool.transaction(async (tx) => {
      const { affectedRows } = await tx.run('UPDATE users SET password_hash = ? WHERE id = ?', [passwordHash, userId]);
      if (affectedRows === 0) throw noSuchUser();
      const held = await tx.rows<HeldToken>(`${HELD} FOR UPDATE`, [userId]);
      const gone = held.filter(({ tokenHash }) => keepTokenHash === null || text(tokenHash) !== keepTokenHash);
      await deleteTokens(tx, gone);
      const dead = hashes(gone);
      await addRevocations(tx, userId, dead);
      return dead;
    });
  }

  async saveToken(token: TokenRecord, policy: TokenPolicy, maxTokens: number): Promise<string[]> {
    const { userId, username, device, tokenHash, createdAt, expiresAt } = token;
    return await this.#pool.transaction(async (tx) => {
      // The user's row is the lock of the user's tokens: two logins at once would both find room for one more.
      const owners = await tx.rows('SELECT id FROM users WHERE id = ? FOR UPDATE', [userId]);
      if (owners.length === 0) throw noSuchUser();
      const barred = await tx.rows(
        'SELECT user_id FROM user_standing WHERE user_id = ? AND (suspended_until > ? OR deleted_at > 0)',
        [userId, createdAt],
      );
      if (barred.length > 0) throw new StorageFault('refused', 'the user is barred');
      const held = await tx.rows<HeldToken>(`${HELD} ORDER BY created_at DESC, id DESC FOR UPDATE`, [userId]);
      const replaced = held.filter((other) => policy === 'single' || text(other.device) === device);
      const others = held.filter((other) => !replaced.includes(other));
      // Room is made before the new token comes, which is never the one to go however old its time says it is.
      const gone = [...replaced, ...others.slice(Math.max(0, maxTokens - 1))];
      await deleteTokens(tx, gone);
      await tx.run(
        `INSERT INTO user_token (user_id, username, device, token_hash, created_at, expires_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
        [userId, username, device, tokenHash, createdAt, expiresAt],
      );
      const dead = hashes(gone).filter((hash) => hash !== tokenHash);
      await addRevocations(tx, userId, dead);
      return dead;
    });
  }

  async tokenByHash(userId: string, tokenHash: string): Promise<TokenRecord | null> {
    const [row] = await this.#pool.rows<TokenRow>(
      `SELECT user_id AS userId, username, device, token_hash AS tokenHash, created_at AS createdAt,
         expires_at AS expiresAt
       FROM user_token WHERE token_hash = ? AND user_id = ?`,
      [tokenHash, userId],
    );
    if (row === undefined) return null;
    return {
      userId: text(row.userId),
      username: text(row.username),
      device: text(row.device),
      tokenHash: text(row.tokenHash),
      createdAt: row.createdAt,
      expiresAt: row.expiresAt,
    };
  }

  async renewToken(userId: string, oldHash: string, newHash: string, expiresAt: number): Promise<boolean> {
    return await this.#pool.transaction(async (tx) => {
      const { affectedRows } = await tx.run(
        'UPDATE user_token SET token_hash = ?, expires_at = ? WHERE token_hash = ? AND user_id = ?',
        [newHash, expiresAt, oldHash, userId],
      );
      if (affectedRows === 1 && newHash !== oldHash) await addRevocations(tx, userId, [oldHash]);
      return affectedRows === 1;
    });
  }

  async deleteToken(userId: string, tokenHash: string): Promise<boolean> {
    return await this.#pool.transaction(async (tx) => {
      const { affectedRows } = await tx.run('DELETE FROM user_token WHERE token_hash = ? AND user_id = ?', [
        tokenHash,
        userId,
      ]);
      if (affectedRows === 1) await addRevocations(tx, userId, [tokenHash]);
      return affectedRows === 1;
    });
  }

  async devicesOf(userId: string): Promise<readonly DeviceRecord[]> {
    const rows = await this.#pool.rows<DeviceRow>(
      `SELECT device, token_hash AS tokenHash, created_at AS createdAt, expires_at AS expiresAt,
         GREATEST(seen_at, created_at) AS seenAt
       FROM user_token WHERE user_id = ? ORDER BY created_at DESC, id DESC`,
      [userId],
    );
    return rows.map((row) => ({ ...row, device: text(row.device), tokenHash: text(row.tokenHash) }));
  }

  async deleteDevice(userId: string, device: string): Promise<readonly string[]> {
    return await this.#pool.transaction(async (tx) => {
      const held = await tx.rows<HeldToken>(`${HELD} FOR UPDATE`, [userId]);
      const gone = held.filter((token) => text(token.device) === device);
      await deleteTokens(tx, gone);
      const dead = hashes(gone);
      await addRevocations(tx, userId, dead);
      return dead;
    });
  }

  async touchToken(userId: string, tokenHash: string, seenAt: number): Promise<void> {
    await this.#pool.run('UPDATE user_token SET seen_at = ? WHERE token_hash = ? AND user_id = ? AND seen_at < ?', [
      seenAt,
      tokenHash,
      userId,
      seenAt,
    ]);
  }

  async deadTokens(since: number, limit: number): Promise<DeadTokens> {
    return await readRevocations(this.#pool, since, limit);
  }

  async forgetDeadTokens(before: number): Promise<void> {
    await forgetRevocations(this.#pool, before);
  }
}

/** Several users at once; unknown ids are left out. */
export async function readUsers(
  runner: SqlRunner,
  ids: readonly string[],
): Promise<readonly { readonly id: string; readonly username: string }[]> {
  if (ids.length === 0) return [];
  const rows = await runner.rows<Pick<UserRow, 'id' | 'username'>>(
    `SELECT id, username FROM users WHERE id IN (${places(ids)})`,
    ids,
    { prepared: false },
  );
  return rows.map(({ id, username }) => ({ id: text(id), username: text(username) }));
}

async function deleteTokens(tx: SqlRunner, tokens: readonly HeldToken[]): Promise<void> {
  if (tokens.length === 0) return;
  const ids = tokens.map(({ id }) => id);
  await tx.run(`DELETE FROM user_token WHERE id IN (${places(ids)})`, ids, { prepared: false });
}

function firstUser([row]: readonly UserRow[]): UserRecord | null {
  if (row === undefined) return null;
  const { id, username, passwordHash, createdAt } = row;
  return { id: text(id), username: text(username), passwordHash: text(passwordHash), createdAt };
}

function hashes(tokens: readonly HeldToken[]): string[] {
  return tokens.map(({ tokenHash }) => text(tokenHash));
}

function places(values: readonly SqlValue[]): string {
  return values.map(() => '?').join(', ');
}

function noSuchUser(): StorageFault {
  return new StorageFault('refused', 'there is no such user');
}
