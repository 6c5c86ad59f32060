/** The index of mentions: by room and user, which messages speak to them. */
import type { LogRecord } from '../../ports/log-record.ts';
import type { InsertBatch, MentionQuery } from '../../ports/message-store.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import type { SqlTransaction } from '../transaction.ts';
import { bytesOf, statementPieces } from './rows.ts';

/** A statement of this shape differs from call to call. */
const TEXT = { prepared: false } as const;
const ROW_BYTES = 600;

interface Row {
  readonly room: string;
  readonly user: string;
  readonly seq: number;
}

/** `stored` are the records that the transaction has inserted, in the order of their streams. */
export async function applyMentions(
  tx: SqlTransaction,
  stored: readonly LogRecord[],
  mentionsOf: InsertBatch['mentionsOf'],
): Promise<void> {
  const posted = stored.filter(({ stream }) => stream === 'messages');
  await insertRows(
    tx,
    posted.flatMap((record) => rowsOf(record, record.seq, mentionsOf?.(record) ?? [])),
  );
  for (const record of stored) {
    const { room, effect } = record;
    if (effect === undefined) continue;
    const key = [bytesOf(room), effect.seq] as const;
    if (effect.recalls) await tx.run('DELETE FROM mention WHERE room = ? AND seq = ?', [...key]);
    const users = mentionsOf?.(record);
    if (users === undefined) continue;
    await tx.run("DELETE FROM mention WHERE room = ? AND seq = ? AND user <> '*'", [...key]);
    await insertRows(tx, rowsOf(record, effect.seq, users));
  }
}

/** Each user's in a statement of one shape. */
export async function countMentions(
  runner: SqlRunner,
  room: string,
  users: readonly MentionQuery[],
  to: number,
): Promise<readonly number[]> {
  const counts = users.map(async ({ user, after }) => {
    const [row] = await runner.rows<{ count: number }>(
      "SELECT COUNT(DISTINCT seq) AS count FROM mention WHERE room = ? AND user IN (?, '*') AND seq > ? AND seq <= ?",
      [bytesOf(room), bytesOf(user), after, to],
    );
    return row?.count ?? 0;
  });
  return await Promise.all(counts);
}

function rowsOf({ room }: LogRecord, seq: number, users: readonly string[]): Row[] {
  return [...new Set(users)].map((user) => ({ room, user, seq }));
}

async function insertRows(tx: SqlTransaction, rows: readonly Row[]): Promise<void> {
  for (const piece of statementPieces(rows, () => ROW_BYTES)) {
    await tx.run(
      `INSERT INTO mention (room, user, seq) VALUES ${piece.map(() => '(?, ?, ?)').join(', ')}
       ON DUPLICATE KEY UPDATE seq = VALUES(seq)`,
      piece.flatMap(({ room, user, seq }): SqlValue[] => [bytesOf(room), bytesOf(user), seq]),
      TEXT,
    );
  }
}
