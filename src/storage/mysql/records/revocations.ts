/** Which tokens have died, and when. Written in the transaction that ends them, read from the primary. */
import type { DeadTokens } from '../../ports/records.ts';
import type { SqlRunner } from '../connection.ts';
import type { SqlTransaction } from '../transaction.ts';
import { text } from './text.ts';

interface Row {
  readonly user: Uint8Array;
  readonly tokenHash: Uint8Array;
  readonly diedAt: number;
}

/** The clock of the server, which all nodes share: milliseconds. A statement has one time. */
const NOW = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)';
/** Deleted by one statement, so that none of them takes long. */
const FORGET_AT_ONCE = 5_000;

/** The last step of the transaction that ended them: the shorter from here to the commit, the sooner after its time a death shows. */
export async function addRevocations(tx: SqlTransaction, userId: string, hashes: readonly string[]): Promise<void> {
  if (hashes.length === 0) return;
  const places = hashes.map(() => `(?, ?, ${NOW})`).join(', ');
  await tx.run(
    `INSERT INTO token_revocation (user_id, token_hash, died_at) VALUES ${places}`,
    hashes.flatMap((hash) => [userId, hash]),
    { prepared: false },
  );
}

/** The clock is read first: what dies afterwards is not before it. */
export async function readRevocations(runner: SqlRunner, since: number, limit: number): Promise<DeadTokens> {
  const [clock] = await runner.rows<{ readonly now: number }>(`SELECT ${NOW} AS now`);
  const rows = await runner.rows<Row>(
    `SELECT user_id AS user, token_hash AS tokenHash, died_at AS diedAt FROM token_revocation
     WHERE died_at >= ? AND died_at <= COALESCE(
       (SELECT died_at FROM token_revocation WHERE died_at >= ? ORDER BY died_at LIMIT ?, 1), ?)
     ORDER BY died_at, id`,
    [since, since, limit - 1, Number.MAX_SAFE_INTEGER],
    { prepared: false },
  );
  const tokens = rows.map(({ user, tokenHash, diedAt }) => ({ user: text(user), tokenHash: text(tokenHash), diedAt }));
  return { now: (clock as { readonly now: number }).now, tokens };
}

export async function forgetRevocations(runner: SqlRunner, before: number): Promise<void> {
  for (;;) {
    const { affectedRows } = await runner.run(
      `DELETE FROM token_revocation WHERE died_at < ? ORDER BY died_at LIMIT ${FORGET_AT_ONCE}`,
      [before],
    );
    if (affectedRows < FORGET_AT_ONCE) return;
  }
}
