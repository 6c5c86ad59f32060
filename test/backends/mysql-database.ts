/** A database of one suite's own on a real MySQL, dropped when the suite is over. */
import { randomBytes } from 'node:crypto';
import { openPool } from '../../src/storage/mysql/pool.ts';

export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** The address of the primary, or a comma list, with this database at its end. */
  readonly url: string;
  /** As the primary's, for another server that has the same database. */
  at(url: string): string;
}

/** Makes `mailroom_PREFIX_RANDOM` on the server of `url`, whose user may do so. */
export async function makeDatabase(url: string, prefix = 'mysql'): Promise<TestDatabase> {
  const name = `mailroom_${prefix}_${randomBytes(6).toString('hex')}`;
  const at = (other: string): string =>
    other
      .split(',')
      .map((one) => withDatabase(one, name))
      .join(',');
  await once(url, `CREATE DATABASE ${name}`);
  return {
    name,
    url: at(url),
    at,
    [Symbol.asyncDispose]: () => once(url, `DROP DATABASE ${name}`),
  };
}

export function withDatabase(url: string, database: string): string {
  const parsed = new URL(url.trim());
  parsed.pathname = `/${database}`;
  return parsed.href;
}

async function once(url: string, sql: string): Promise<void> {
  const pool = openPool(url, { maxConnections: 1, queryMs: 30_000 });
  try {
    await pool.run(sql, [], { prepared: false });
  } finally {
    await pool.close();
  }
}
