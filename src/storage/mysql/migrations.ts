/**
 * Versioned migrations of one database, which several processes may start at the same time.
 *
 * MySQL commits with every change of a table, so that a migration cannot be undone as a whole. Each statement that is done
 * is therefore recorded, and a migration that was cut off goes on after the last one.
 */
import { createHash } from 'node:crypto';
import { StorageFault } from '../ports/faults.ts';
import type { SqlConnection } from './connection.ts';
import { sqlErrorOf } from './faults.ts';
import { Servers } from './servers.ts';
import { parseTargets } from './target.ts';

export interface Migration {
  readonly name: string;
  /** Run one by one. Each is one change of the tables, so that it is done wholly or not at all. */
  readonly statements: readonly string[];
}

/** The migrations of one part of the engine. Parts share a database and nothing else. */
export interface Schema {
  /** Names the part for good: at most 32 bytes. */
  readonly part: string;
  /** A migration's version is its place in the list, from 1; a shipped one never changes. */
  readonly migrations: readonly Migration[];
}

export interface MigrateOptions {
  /** How long to wait for another process that migrates: milliseconds. */
  readonly lockWaitMs?: number;
  /** How long one statement may take: milliseconds. A large table takes its time. */
  readonly statementMs?: number;
}

interface Applied {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly done: number;
}

const LOCK_WAIT_MS = 60_000;
const STATEMENT_MS = 3_600_000;
const CONNECT_MS = 5_000;

/** Tables, columns and keys that exist already, or are gone already: the statement was done and its record was cut off. */
const ALREADY_DONE: ReadonlySet<number> = new Set([1050, 1051, 1060, 1061, 1091]);

const TABLE = `
  CREATE TABLE IF NOT EXISTS migration (
    part VARBINARY(32) NOT NULL,
    version INT UNSIGNED NOT NULL,
    name VARCHAR(255) NOT NULL,
    checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    done INT UNSIGNED NOT NULL,
    applied_at BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (part, version)
  ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`;

/**
 * Brings a part of the database to its newest version, on the server that takes writes, one process at a time. Throws a
 * `StorageFault`: `refused` for a database that a newer release has written, or a migration that is not what was applied;
 * `unavailable` where the lock or the server cannot be had.
 */
export async function migrate(url: string, schema: Schema, options: MigrateOptions = {}): Promise<void> {
  const { lockWaitMs = LOCK_WAIT_MS, statementMs = STATEMENT_MS } = options;
  const servers = new Servers(parseTargets(url), 'primary', {
    connectMs: CONNECT_MS,
    queryMs: Math.max(statementMs, lockWaitMs + CONNECT_MS),
    lockWaitMs,
  });
  const connection = await servers.connect();
  try {
    await lock(connection, lockWaitMs);
    await apply(connection, schema);
  } finally {
    // The lock is the session's and goes with it.
    await connection.end();
  }
}

async function lock(connection: SqlConnection, lockWaitMs: number): Promise<void> {
  const name = `mailroom migrations ${sha256(connection.target.database).slice(0, 32)}`;
  const [answer] = await connection.rows<{ got: number | null }>('SELECT GET_LOCK(?, ?) AS got', [
    name,
    String(lockWaitMs / 1_000),
  ]);
  if (answer?.got === 1) return;
  throw new StorageFault('unavailable', `another process migrates the database at ${connection.address} for too long`);
}

async function apply(connection: SqlConnection, { part, migrations }: Schema): Promise<void> {
  await connection.run(TABLE, [], { prepared: false });
  const applied = await connection.rows<Applied>(
    'SELECT version, name, checksum, done FROM migration WHERE part = ? ORDER BY version',
    [part],
  );
  demandKnown(connection, part, migrations, applied);
  for (const [index, migration] of migrations.entries()) {
    await applyOne(connection, part, index + 1, migration, applied[index]);
  }
}

function demandKnown(
  { target, address }: SqlConnection,
  part: string,
  migrations: readonly Migration[],
  applied: readonly Applied[],
): void {
  const place = `the ${part} in the database ${target.database} at ${address}`;
  const newest = applied.at(-1)?.version ?? 0;
  if (newest > migrations.length) {
    throw new StorageFault(
      'refused',
      `${place} have version ${newest}, this release knows ${migrations.length}: start a newer release`,
    );
  }
  for (const { version, checksum, name } of applied) {
    const known = migrations[version - 1];
    if (known !== undefined && checksumOf(known) === checksum) continue;
    throw new StorageFault('refused', `${place}: version ${version} ('${name}') is not the one of this release`);
  }
}

async function applyOne(
  connection: SqlConnection,
  part: string,
  version: number,
  migration: Migration,
  applied: Applied | undefined,
): Promise<void> {
  const { name, statements } = migration;
  if (applied === undefined) {
    await connection.run('INSERT INTO migration VALUES (?, ?, ?, ?, 0, ?)', [
      part,
      version,
      name,
      checksumOf(migration),
      Date.now(),
    ]);
  }
  const done = applied?.done ?? 0;
  for (const [index, statement] of statements.entries()) {
    if (index < done) continue;
    // Only the statement at which an earlier run was cut off may have been done without a record of it.
    await runStatement(connection, statement, applied !== undefined && index === done);
    await connection.run('UPDATE migration SET done = ?, applied_at = ? WHERE part = ? AND version = ?', [
      index + 1,
      Date.now(),
      part,
      version,
    ]);
  }
}

async function runStatement(connection: SqlConnection, statement: string, mayBeDone: boolean): Promise<void> {
  try {
    await connection.run(statement, [], { prepared: false });
  } catch (error) {
    if (!mayBeDone || !ALREADY_DONE.has(sqlErrorOf(error)?.errno ?? 0)) throw error;
  }
}

function checksumOf({ name, statements }: Migration): string {
  return sha256(JSON.stringify([name, ...statements]));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
