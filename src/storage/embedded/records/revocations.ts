/** Which tokens have died, and when. Written in the transaction that ends them. */
import type { Database, Statement } from 'bun:sqlite';
import type { DeadToken, DeadTokens } from '../../ports/records.ts';

/** The one clock of all who write to the file: milliseconds. */
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

export class Revocations {
  readonly #now: Statement<{ readonly now: number }, []>;
  readonly #insert: Statement<unknown, [string, string]>;
  readonly #since: Statement<DeadToken, [number, number]>;
  readonly #forget: Statement<unknown, [number]>;

  constructor(db: Database) {
    this.#now = db.prepare(`SELECT ${NOW} AS now`);
    this.#insert = db.prepare(`INSERT INTO token_revocation (user_id, token_hash, died_at) VALUES (?, ?, ${NOW})`);
    this.#since = db.prepare(`
      SELECT user_id AS user, token_hash AS tokenHash, died_at AS diedAt FROM token_revocation
      WHERE died_at >= ?1 AND died_at <= ifnull(
        (SELECT died_at FROM token_revocation WHERE died_at >= ?1 ORDER BY died_at LIMIT 1 OFFSET ?2 - 1),
        ${Number.MAX_SAFE_INTEGER})
      ORDER BY died_at, id`);
    this.#forget = db.prepare('DELETE FROM token_revocation WHERE died_at < ?');
  }

  /** Within the transaction of the write that ended them, as its last step. */
  add(userId: string, hashes: readonly string[]): void {
    for (const hash of hashes) this.#insert.run(userId, hash);
  }

  /** The clock is read first: what dies afterwards is not before it. */
  read(since: number, limit: number): DeadTokens {
    const { now } = this.#now.get() as { readonly now: number };
    return { now, tokens: this.#since.all(since, limit) };
  }

  forget(before: number): void {
    this.#forget.run(before);
  }
}
