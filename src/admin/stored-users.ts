/** The users where the engine keeps them, for an operator's commands: in MySQL where its address is set, else in a file. */
import { existsSync } from 'node:fs';
import { dataDirPaths, lockDataDir } from '../storage/embedded/data-dir.ts';
import { SqliteRecords } from '../storage/embedded/records/sqlite-records.ts';
import { type ListedUser, listUsers } from '../storage/embedded/records/user-list.ts';
import { openMysqlServers } from '../storage/mysql/mysql-servers.ts';
import { MysqlRecords } from '../storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../storage/mysql/schema/records.ts';
import type { Records } from '../storage/ports/records.ts';

export interface Place {
  readonly dataDir: string;
  /** Undefined: the records lie in the data directory. */
  readonly mysqlUrl: string | undefined;
}

/** A directory that no engine has used is not made into one by looking at it. */
export function hasUsers({ dataDir, mysqlUrl }: Place): boolean {
  return mysqlUrl !== undefined || existsSync(dataDirPaths(dataDir).records);
}

/** All users, ascending by name. Whether an engine runs makes no difference. */
export async function readUsers({ dataDir, mysqlUrl }: Place): Promise<readonly ListedUser[]> {
  if (mysqlUrl === undefined) return listUsers(dataDirPaths(dataDir).records);
  const servers = await openMysqlServers({ url: mysqlUrl, replicaUrls: [], schemas: [RECORDS_SCHEMA] });
  try {
    const rows = await servers.primary.rows<Record<'id' | 'username', Uint8Array> & { readonly createdAt: number }>(
      'SELECT id, username, created_at AS createdAt FROM users ORDER BY username',
    );
    return rows.map(({ id, username, createdAt }) => ({ id: text(id), username: text(username), createdAt }));
  } finally {
    await servers.close();
  }
}

/**
 * Changes the records themselves. Those in a file belong to one process, so that no engine may run on them; those in MySQL
 * may be in use, and every engine closes the sockets of dead tokens within a second.
 */
export async function withRecords<T>(place: Place, work: (records: Records) => Promise<T>): Promise<T> {
  const { dataDir, mysqlUrl } = place;
  if (mysqlUrl !== undefined) {
    const servers = await openMysqlServers({ url: mysqlUrl, replicaUrls: [], schemas: [RECORDS_SCHEMA] });
    try {
      return await work(new MysqlRecords(servers));
    } finally {
      await servers.close();
    }
  }
  const paths = lockDataDir(dataDir);
  try {
    const records = new SqliteRecords(paths.records);
    try {
      return await work(records);
    } finally {
      records.close();
    }
  } finally {
    paths.release();
  }
}

const decoder = new TextDecoder();

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
