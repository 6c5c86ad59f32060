/**
 * What users have in files, and what their uploads have set aside. Whoever changes either locks the user's row of
 * `file_usage` first.
 */
import type { Usage } from '../../ports/file-records.ts';
import { fitsQuota } from '../../ports/file-rules.ts';
import type { SqlRunner } from '../connection.ts';
import { firstRow } from './rows.ts';

interface Taken {
  readonly used: number;
  readonly reserved: number;
}

interface Reservation {
  readonly user: string;
  readonly bytes: number;
}

export async function usage(runner: SqlRunner, user: string): Promise<Usage> {
  const row = await firstRow<Taken & { readonly files: number }>(
    runner,
    `SELECT CAST(COALESCE(MAX(used_bytes), 0) AS SIGNED) AS used,
       CAST(COALESCE(MAX(reserved_bytes), 0) AS SIGNED) AS reserved,
       (SELECT COUNT(*) FROM user_file WHERE user_id = ?) AS files
     FROM file_usage WHERE user_id = ?`,
    [user, user],
  );
  return { usedBytes: row?.used ?? 0, reservedBytes: row?.reserved ?? 0, files: row?.files ?? 0 };
}

export async function reserve(
  tx: SqlRunner,
  user: string,
  uploadId: string,
  bytes: number,
  quotaBytes: number,
): Promise<boolean> {
  const { used, reserved } = await lockUsage(tx, user);
  const held = await reservation(tx, uploadId);
  if (held !== null && held.user !== user) return false;
  const reservedBytes = held?.bytes ?? 0;
  if (!fitsQuota({ takenBytes: used + reserved, reservedBytes, size: bytes, quotaBytes })) return false;
  await tx.run(
    'INSERT INTO upload_reservation (upload_id, user_id, bytes) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE bytes = ?',
    [uploadId, user, bytes, bytes],
  );
  await add(tx, user, 0, bytes - reservedBytes);
  return true;
}

/** Whether there was a reservation. */
export async function release(tx: SqlRunner, uploadId: string): Promise<boolean> {
  const held = await reservation(tx, uploadId);
  if (held === null) return false;
  await lockUsage(tx, held.user);
  const still = await reservation(tx, uploadId);
  if (still === null) return false;
  await tx.run('DELETE FROM upload_reservation WHERE upload_id = ?', [uploadId]);
  await add(tx, still.user, 0, -still.bytes);
  return true;
}

/** Settles the upload's reservation and charges the file; false, with nothing changed, where it does not fit. */
export async function charge(
  tx: SqlRunner,
  user: string,
  uploadId: string | null,
  size: number,
  quotaBytes: number,
): Promise<boolean> {
  const { used, reserved } = await lockUsage(tx, user);
  const held = uploadId === null ? null : await reservation(tx, uploadId);
  const reservedBytes = held?.user === user ? held.bytes : 0;
  if (!fitsQuota({ takenBytes: used + reserved, reservedBytes, size, quotaBytes })) return false;
  if (uploadId !== null) await release(tx, uploadId);
  await add(tx, user, size, 0);
  return true;
}

export async function free(tx: SqlRunner, user: string, size: number): Promise<void> {
  await lockUsage(tx, user);
  await add(tx, user, -size, 0);
}

async function lockUsage(tx: SqlRunner, user: string): Promise<Taken> {
  await tx.run(
    `INSERT INTO file_usage (user_id, used_bytes, reserved_bytes) VALUES (?, 0, 0)
     ON DUPLICATE KEY UPDATE used_bytes = used_bytes`,
    [user],
  );
  const sql = 'SELECT used_bytes AS used, reserved_bytes AS reserved FROM file_usage WHERE user_id = ? FOR UPDATE';
  return (await firstRow<Taken>(tx, sql, [user])) as Taken;
}

async function reservation(tx: SqlRunner, uploadId: string): Promise<Reservation | null> {
  const sql = 'SELECT user_id AS user, bytes FROM upload_reservation WHERE upload_id = ?';
  return await firstRow<Reservation>(tx, sql, [uploadId]);
}

async function add(tx: SqlRunner, user: string, used: number, reserved: number): Promise<void> {
  await tx.run(
    `UPDATE file_usage SET used_bytes = used_bytes + ?, reserved_bytes = reserved_bytes + ? WHERE user_id = ?`,
    [used, reserved, user],
  );
}
