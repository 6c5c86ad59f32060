/** The names that searches look through: written with the users and with their profiles. */
import type { SqlRunner } from '../connection.ts';

/** Within the transaction of the write that they come from. */
export async function replaceNames(tx: SqlRunner, user: string, keys: readonly string[]): Promise<void> {
  await tx.run('DELETE FROM person_name WHERE user = ?', [user]);
  await addNames(tx, user, keys);
}

/** Of a user who has none yet. */
export async function addNames(tx: SqlRunner, user: string, keys: readonly string[]): Promise<void> {
  for (const key of keys) await tx.run('INSERT INTO person_name (name_key, user) VALUES (?, ?)', [key, user]);
}
