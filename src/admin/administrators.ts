/** Who is an administrator of the server, set by its operator. It holds from the next request on, whether an engine runs or not. */
import { dataDirPaths } from '../storage/embedded/data-dir.ts';
import { SqliteModeration } from '../storage/embedded/records/moderation.ts';
import { SqliteRecords } from '../storage/embedded/records/sqlite-records.ts';
import { openMysqlServers } from '../storage/mysql/mysql-servers.ts';
import { MysqlModeration } from '../storage/mysql/records/moderation.ts';
import { MysqlRecords } from '../storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../storage/mysql/schema/records.ts';
import { type Moderation, OPERATOR } from '../storage/ports/moderation.ts';
import type { Records } from '../storage/ports/records.ts';
import type { Place } from './stored-users.ts';

/** A running engine may be writing. */
const LOCK_WAIT_MS = 5_000;

/** Null when done, or else the problem. Logged as done by the operator. */
export async function setAdministrator(place: Place, username: string, admin: boolean): Promise<string | null> {
  return await withModeration(place, async (records, moderation) => {
    const user = await records.userByName(username);
    if (user === null) return 'there is no such user';
    const action = admin ? 'user.grant-admin' : 'user.revoke-admin';
    const audit = { at: Date.now(), actor: OPERATOR, action, target: user.id, detail: '{}' };
    if (await moderation.setAdmin(user.id, admin, audit)) return null;
    return admin ? 'is an administrator already' : 'is no administrator';
  });
}

/** Standings are read from the records each time, so that no engine has to be told. */
async function withModeration<T>(
  { dataDir, mysqlUrl }: Place,
  work: (records: Records, moderation: Moderation) => Promise<T>,
): Promise<T> {
  if (mysqlUrl !== undefined) {
    const servers = await openMysqlServers({ url: mysqlUrl, replicaUrls: [], schemas: [RECORDS_SCHEMA] });
    try {
      return await work(new MysqlRecords(servers), new MysqlModeration(servers));
    } finally {
      await servers.close();
    }
  }
  const records = new SqliteRecords(dataDirPaths(dataDir).records, { lockWaitMs: LOCK_WAIT_MS });
  try {
    return await work(records, new SqliteModeration(records.database));
  } finally {
    records.close();
  }
}
