/** All users, read beside a running engine or without one. */
import { openDatabase } from '../database.ts';
import { guarded } from '../faults.ts';

export interface ListedUser {
  readonly id: string;
  readonly username: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Reads the users of the records at `path`, ascending by name. Takes no lock that would hold up a writer. */
export function listUsers(path: string): readonly ListedUser[] {
  return guarded(`read the users of ${path}`, () => {
    const db = openDatabase(path, { readonly: true });
    try {
      return db
        .query<ListedUser, []>('SELECT id, username, created_at AS createdAt FROM users ORDER BY username')
        .all();
    } finally {
      db.close(true);
    }
  });
}
