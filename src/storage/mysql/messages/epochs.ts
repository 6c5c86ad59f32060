/** Epochs of slots: the fence that keeps records of an owner that has lost a slot out of the store. */
import type { LogRecord } from '../../ports/log-record.ts';
import type { Fence } from '../../ports/message-log.ts';
import type { SqlPool } from '../pool.ts';
import type { SqlTransaction } from '../transaction.ts';

const TEXT = { prepared: false } as const;

/**
 * Raises the epochs of a fence, and locks those of all slots that the records belong to until the transaction ends: no
 * other fence can come between the look at an epoch and the insert that goes by it.
 */
export async function enforce(
  tx: SqlTransaction,
  fence: Fence | undefined,
  records: readonly LogRecord[],
): Promise<ReadonlyMap<number, number>> {
  if (fence !== undefined && fence.slots.length > 0) await raise(tx, fence);
  const slots = [...new Set(records.map((record) => record.slot))].sort((a, b) => a - b);
  if (slots.length === 0) return new Map();
  const rows = await tx.rows<{ slot: number; epoch: number }>(
    `SELECT slot, epoch FROM slot_epoch FORCE INDEX (PRIMARY) WHERE slot IN (${slots.join(', ')}) ORDER BY slot FOR UPDATE`,
    [],
    TEXT,
  );
  return new Map(rows.map(({ slot, epoch }) => [slot, epoch]));
}

/** An epoch never falls. */
async function raise(tx: SqlTransaction, { epoch, slots }: Fence): Promise<void> {
  const rows = slots.map(() => '(?, ?)').join(', ');
  await tx.run(
    `INSERT INTO slot_epoch (slot, epoch) VALUES ${rows} ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, VALUES(epoch))`,
    slots.flatMap((slot) => [slot, epoch]),
    TEXT,
  );
}

/** One more than any call before has returned. A call whose answer is lost leaves a number that nobody gets. */
export async function claimEpoch(pool: SqlPool): Promise<number> {
  const { insertId } = await pool.run('UPDATE last_epoch SET epoch = LAST_INSERT_ID(epoch + 1) WHERE id = 1');
  if (insertId === 0) throw new Error('the last epoch has no row');
  return insertId;
}
