/** What replication is called by MariaDB and by MySQL, and how it is asked and told. */
import type { SqlConnection } from '../../src/storage/mysql/connection.ts';
import { positionQuery } from '../../src/storage/mysql/dialect.ts';
import { type Position, parsePosition } from '../../src/storage/mysql/position.ts';

/** How a replica follows. */
export interface Following {
  /** `host:port` that it follows. */
  readonly source: string;
  /** What it has been sent, as the server writes it; empty where it does not follow by GTID. */
  readonly received: string;
  /** Why it applies nothing; empty where it does. */
  readonly problem: string;
}

const TEXT = { prepared: false } as const;

/** How long a commit waits for a replica that does not answer: milliseconds, and shorter than the engine's patience. */
const SEMI_SYNC_WAIT_MS = 1_000;

/** Undefined where the server follows nobody. */
export async function following(connection: SqlConnection): Promise<Following | undefined> {
  const isMariadb = connection.facts.dialect === 'mariadb';
  type Row = Readonly<Record<string, string | number | null>>;
  const [row] = await connection.rows<Row>(isMariadb ? 'SHOW SLAVE STATUS' : 'SHOW REPLICA STATUS', [], TEXT);
  if (row === undefined) return undefined;
  const field = (mariadb: string, mysql: string): string => String(row[isMariadb ? mariadb : mysql] ?? '');
  const applies = field('Slave_SQL_Running', 'Replica_SQL_Running') === 'Yes';
  const error = field('Last_SQL_Error', 'Last_SQL_Error');
  return {
    source: `${field('Master_Host', 'Source_Host')}:${field('Master_Port', 'Source_Port')}`,
    received: field('Gtid_IO_Pos', 'Retrieved_Gtid_Set').replaceAll('\n', ''),
    problem: applies ? '' : error || 'its SQL thread does not run',
  };
}

export async function position(connection: SqlConnection, role: 'primary' | 'replica'): Promise<Position> {
  const [row] = await connection.rows<{ position: string }>(positionQuery(connection.facts.dialect, role), [], TEXT);
  return parsePosition(row?.position ?? '');
}

/** Stops taking more from the primary; what was received is still applied. */
export async function stopReceiving(connection: SqlConnection): Promise<void> {
  const mariadb = connection.facts.dialect === 'mariadb';
  await connection.run(mariadb ? 'STOP SLAVE IO_THREAD' : 'STOP REPLICA IO_THREAD', [], TEXT);
}

export async function goOnReceiving(connection: SqlConnection): Promise<void> {
  const mariadb = connection.facts.dialect === 'mariadb';
  await connection.run(mariadb ? 'START SLAVE IO_THREAD' : 'START REPLICA IO_THREAD', [], TEXT);
}

/** Follows nobody from here on, and no longer after a restart either. */
export async function stopFollowing(connection: SqlConnection): Promise<void> {
  const word = connection.facts.dialect === 'mariadb' ? 'SLAVE' : 'REPLICA';
  await connection.run(`STOP ${word}`, [], TEXT);
  await connection.run(`RESET ${word} ALL`, [], TEXT);
}

export async function setReadOnly(connection: SqlConnection, readOnly: boolean): Promise<void> {
  const value = readOnly ? 'ON' : 'OFF';
  // MySQL turns the stricter one off before the other one, and the other one on with it.
  const variable = connection.facts.dialect === 'mysql' && readOnly ? 'super_read_only' : 'read_only';
  await connection.run(`SET GLOBAL ${variable} = ${value}`, [], TEXT);
}

/**
 * Makes a server a semi-synchronous primary that waits after the sync of its binary log, so that nobody sees a commit
 * which no replica has. False where the server has no semi-synchronous replication.
 */
export async function becomeSemiSyncPrimary(connection: SqlConnection): Promise<boolean> {
  const rows = await connection.rows<{ Variable_name: string }>(
    "SHOW GLOBAL VARIABLES LIKE 'rpl\\_semi\\_sync\\_%'",
    [],
    TEXT,
  );
  const names = new Set(rows.map((row) => row.Variable_name.toLowerCase()));
  // MySQL has called the two sides `source` and `replica` since 8.0.26; MariaDB says `master` and `slave`.
  const [primary, replica] = names.has('rpl_semi_sync_source_enabled') ? ['source', 'replica'] : ['master', 'slave'];
  if (!names.has(`rpl_semi_sync_${primary}_enabled`)) return false;
  if (names.has(`rpl_semi_sync_${replica}_enabled`)) {
    // On a primary this would cut unacknowledged transactions off its binary log after a crash.
    await connection.run(`SET GLOBAL rpl_semi_sync_${replica}_enabled = OFF`, [], TEXT);
  }
  await connection.run(`SET GLOBAL rpl_semi_sync_${primary}_wait_point = 'AFTER_SYNC'`, [], TEXT);
  await connection.run(`SET GLOBAL rpl_semi_sync_${primary}_timeout = ${SEMI_SYNC_WAIT_MS}`, [], TEXT);
  // Nobody follows the new primary yet, and its first commits would all wait in vain.
  await connection.run(`SET GLOBAL rpl_semi_sync_${primary}_wait_no_${replica} = OFF`, [], TEXT);
  await connection.run(`SET GLOBAL rpl_semi_sync_${primary}_enabled = ON`, [], TEXT);
  return true;
}
