/** What users have in files, and what their uploads have set aside. Called within transactions. */
import type { Database } from 'bun:sqlite';
import type { Usage } from '../../ports/file-records.ts';
import { fitsQuota } from '../../ports/file-rules.ts';

type Taken = { readonly used: number; readonly reserved: number };
type Reservation = { readonly user: string; readonly bytes: number };

const NOTHING: Taken = { used: 0, reserved: 0 };

export class Quota {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  usage(user: string): Usage {
    const { used, reserved } = this.#taken(user);
    const sql = 'SELECT count(*) AS files FROM user_file WHERE user_id = ?';
    const { files } = this.#db.query<{ files: number }, [string]>(sql).get(user) as { files: number };
    return { usedBytes: used, reservedBytes: reserved, files };
  }

  reserve(user: string, uploadId: string, bytes: number, quotaBytes: number): boolean {
    const held = this.#reservation(uploadId);
    if (held !== null && held.user !== user) return false;
    const { used, reserved } = this.#taken(user);
    const reservedBytes = held?.bytes ?? 0;
    if (!fitsQuota({ takenBytes: used + reserved, reservedBytes, size: bytes, quotaBytes })) return false;
    this.#db.query('INSERT OR REPLACE INTO upload_reservation VALUES (?, ?, ?)').run(uploadId, user, bytes);
    this.#add(user, 0, bytes - reservedBytes);
    return true;
  }

  release(uploadId: string): void {
    const held = this.#reservation(uploadId);
    if (held === null) return;
    this.#db.query('DELETE FROM upload_reservation WHERE upload_id = ?').run(uploadId);
    this.#add(held.user, 0, -held.bytes);
  }

  /** Settles the upload's reservation and charges the file; false, with nothing changed, where it does not fit. */
  charge(user: string, uploadId: string | null, size: number, quotaBytes: number): boolean {
    const held = uploadId === null ? null : this.#reservation(uploadId);
    const reservedBytes = held?.user === user ? held.bytes : 0;
    const { used, reserved } = this.#taken(user);
    if (!fitsQuota({ takenBytes: used + reserved, reservedBytes, size, quotaBytes })) return false;
    if (uploadId !== null) this.release(uploadId);
    this.#add(user, size, 0);
    return true;
  }

  free(user: string, size: number): void {
    this.#add(user, -size, 0);
  }

  #taken(user: string): Taken {
    const sql = 'SELECT used_bytes AS used, reserved_bytes AS reserved FROM file_usage WHERE user_id = ?';
    return this.#db.query<Taken, [string]>(sql).get(user) ?? NOTHING;
  }

  #reservation(uploadId: string): Reservation | null {
    const sql = 'SELECT user_id AS user, bytes FROM upload_reservation WHERE upload_id = ?';
    return this.#db.query<Reservation, [string]>(sql).get(uploadId);
  }

  #add(user: string, used: number, reserved: number): void {
    this.#db.query('INSERT INTO file_usage VALUES (?, 0, 0) ON CONFLICT (user_id) DO NOTHING').run(user);
    this.#db
      .query(
        'UPDATE file_usage SET used_bytes = used_bytes + ?2, reserved_bytes = reserved_bytes + ?3 WHERE user_id = ?1',
      )
      .run(user, used, reserved);
  }
}
