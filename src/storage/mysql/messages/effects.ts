/** Effects of changes: what is kept of each message's state, and what a recall deletes. */
import type { ChangeEffect, LogRecord } from '../../ports/log-record.ts';
import type { SqlValue } from '../connection.ts';
import type { SqlTransaction } from '../transaction.ts';
import { bytesOf, statementPieces } from './rows.ts';
import { STREAM_TABLES } from './schema.ts';

type Effective = LogRecord & { readonly effect: ChangeEffect };

/** A statement of this shape differs from call to call. */
const TEXT = { prepared: false } as const;

/** `stored` are the records that the transaction has inserted. */
export async function applyEffects(tx: SqlTransaction, stored: readonly LogRecord[]): Promise<void> {
  const changes = stored.filter((record): record is Effective => record.effect !== undefined);
  if (changes.length === 0) return;
  for (const piece of statementPieces(newestByMessage(changes), ({ effect }) => effect.state.length)) {
    await saveStates(tx, piece);
  }
  for (const { room, seq: change, effect } of changes) {
    if (effect.recalls) await recall(tx, room, effect.seq, change);
  }
  for (const piece of statementPieces(changes, () => 0)) await eraseRecalled(tx, piece);
}

/** One of each message: a statement that meets a row twice would have to be read from left to right. */
function newestByMessage(changes: readonly Effective[]): readonly Effective[] {
  const newest = new Map<string, Effective>();
  for (const change of changes) {
    const key = `${change.effect.seq} ${change.room}`;
    if (change.seq > (newest.get(key)?.seq ?? 0)) newest.set(key, change);
  }
  return [...newest.values()];
}

async function saveStates(tx: SqlTransaction, changes: readonly Effective[]): Promise<void> {
  const isNewer = 'VALUES(`change`) > `change`';
  const values = changes.flatMap(({ room, seq, effect }): SqlValue[] => [
    bytesOf(room),
    effect.seq,
    seq,
    effect.pinned ? 1 : 0,
    effect.state,
  ]);
  // The number goes last, as each assignment sees those before it.
  await tx.run(
    `INSERT INTO message_state (room, seq, \`change\`, pinned, recalled, state)
     VALUES ${changes.map(() => '(?, ?, ?, ?, 0, ?)').join(', ')}
     ON DUPLICATE KEY UPDATE pinned = IF(${isNewer}, VALUES(pinned), pinned),
       state = IF(${isNewer}, VALUES(state), state), \`change\` = GREATEST(\`change\`, VALUES(\`change\`))`,
    values,
    TEXT,
  );
}

async function recall(tx: SqlTransaction, room: string, seq: number, change: number): Promise<void> {
  const key = [bytesOf(room), seq] as const;
  await tx.run('UPDATE message_state SET recalled = GREATEST(recalled, ?) WHERE room = ? AND seq = ?', [
    change,
    ...key,
  ]);
  await tx.run(`UPDATE ${STREAM_TABLES.messages} SET frame = '' WHERE room = ? AND seq = ?`, [...key]);
  await tx.run(`UPDATE ${STREAM_TABLES.changes} SET frame = '' WHERE room = ? AND target = ? AND seq < ?`, [
    ...key,
    change,
  ]);
}

/** A change that comes to the store behind a later one may find its message recalled already. */
async function eraseRecalled(tx: SqlTransaction, changes: readonly Effective[]): Promise<void> {
  await tx.run(
    `UPDATE ${STREAM_TABLES.changes} c JOIN message_state s ON s.room = c.room AND s.seq = c.target
     SET c.frame = ''
     WHERE (c.room, c.seq) IN (${changes.map(() => '(?, ?)').join(', ')}) AND s.recalled > c.seq AND c.frame <> ''`,
    changes.flatMap(({ room, seq }): SqlValue[] => [bytesOf(room), seq]),
    TEXT,
  );
}
