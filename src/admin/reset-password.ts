/** A new password for a user: through a running engine, which closes the user's sockets, or on the records of a stopped one. */
import { existsSync } from 'node:fs';
import { adminSocketPath, type ResetPasswordOrder } from '../app/admin-socket.ts';
import { secrets } from '../app/secrets.ts';
import { StorageFault } from '../storage/ports/faults.ts';
import type { Records } from '../storage/ports/records.ts';
import { type Place, withRecords } from './stored-users.ts';

/** A running engine hashes the password and closes sockets within this, even when many people log in. */
const ANSWER_MS = 20_000;

/** Null when done, else the problem. All of the user's tokens are dead then. Throws where neither way can be gone. */
export async function resetPassword(place: Place, order: ResetPasswordOrder): Promise<string | null> {
  const answer = await askRunningEngine(place.dataDir, order);
  return answer === undefined ? await withRecords(place, (records) => change(records, order)) : answer.problem;
}

/** Undefined if nobody listens: there is no engine, or it was killed and its socket file stayed behind. */
async function askRunningEngine(
  dataDir: string,
  order: ResetPasswordOrder,
): Promise<{ readonly problem: string | null } | undefined> {
  const unix = adminSocketPath(dataDir);
  if (!existsSync(unix)) return undefined;
  let response: Response;
  try {
    const body = JSON.stringify(order);
    response = await fetch('http://localhost/reset-password', {
      method: 'POST',
      body,
      unix,
      signal: AbortSignal.timeout(ANSWER_MS),
    });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new Error(`the engine on ${dataDir} did not answer; the password may have been changed`, { cause: error });
    }
    return undefined;
  }
  if (!response.ok) throw new Error(`the engine on ${dataDir} answered with ${response.status}`);
  return (await response.json()) as { readonly problem: string | null };
}

async function change(records: Records, { username, password }: ResetPasswordOrder): Promise<string | null> {
  const user = await records.userByName(username);
  if (user === null) return 'there is no such user';
  await records.changePassword(user.id, await secrets.hashPassword(password), null);
  return null;
}

/** Whether this is an engine that holds the directory and does not answer, as while it starts and ends. */
export function isInUse(error: unknown): boolean {
  return error instanceof StorageFault && error.message.includes('in use by another process');
}
