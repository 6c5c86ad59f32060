/** Where MySQL and MariaDB differ. */

export type Dialect = 'mysql' | 'mariadb';

export function dialectOf(version: string): Dialect {
  return /mariadb/i.test(version) ? 'mariadb' : 'mysql';
}

const SQL_MODE = 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

const IDLE_TRANSACTION_S = 10;
const IDLE_SESSION_S = 90;

export interface SessionSettings {
  /** How long a statement waits for another transaction's lock: milliseconds, rounded up to seconds. */
  readonly lockWaitMs: number;
  /** Past this the server gives a statement up by itself; 0 for never. MySQL does so for reads only. */
  readonly statementMs: number;
}

/** The statement that every session begins with: strict, in UTC, and telling the GTID of each commit with its answer. */
export function sessionStatement(dialect: Dialect, { lockWaitMs, statementMs }: SessionSettings): string {
  const settings = [
    `sql_mode = '${SQL_MODE}'`,
    "time_zone = '+00:00'",
    'autocommit = 1',
    `innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(lockWaitMs / 1_000))}`,
    ...(dialect === 'mariadb'
      ? [
          "session_track_system_variables = 'last_gtid'",
          `max_statement_time = ${statementMs / 1_000}`,
          // A process that hangs within a transaction must not keep its locks from whoever takes over.
          `idle_transaction_timeout = ${IDLE_TRANSACTION_S}`,
          // A row whose lock is waited for is read as it is then, not as it was when the statement began.
          "tx_isolation = 'READ-COMMITTED'",
        ]
      : [
          "session_track_gtids = 'OWN_GTID'",
          `max_execution_time = ${Math.round(statementMs)}`,
          // The same, for all idle sessions: pools let theirs go before.
          `wait_timeout = ${IDLE_SESSION_S}`,
          "transaction_isolation = 'READ-COMMITTED'",
        ]),
  ];
  return `SET SESSION ${settings.join(', SESSION ')}`;
}

/** What the answer of a statement says of the session, as far as a dialect tells it. */
export interface StateChanges {
  readonly systemVariables?: Readonly<Record<string, string>>;
  readonly gtids?: readonly string[];
}

/** The GTID of the commit that a statement made, or null where it made none or the server writes no binary log. */
export function committedGtid(dialect: Dialect, changes: StateChanges | undefined): string | null {
  const gtid = dialect === 'mariadb' ? changes?.systemVariables?.last_gtid : changes?.gtids?.at(-1);
  return gtid ? gtid : null;
}

/** Selects the `position` up to which the server's data has come: its own commits, or what it has applied of others'. */
export function positionQuery(dialect: Dialect, role: 'primary' | 'replica'): string {
  if (dialect === 'mysql') return 'SELECT @@GLOBAL.gtid_executed AS position';
  return `SELECT @@GLOBAL.${role === 'primary' ? 'gtid_binlog_pos' : 'gtid_slave_pos'} AS position`;
}

/**
 * Waits on a replica until it has applied a position, and selects `late` (0 where it has) and the `position` reached by
 * then. Parameters: the position; seconds as a decimal number.
 */
export function waitQuery(dialect: Dialect): string {
  return dialect === 'mariadb'
    ? 'SELECT MASTER_GTID_WAIT(?, ?) AS late, @@GLOBAL.gtid_slave_pos AS position'
    : 'SELECT WAIT_FOR_EXECUTED_GTID_SET(?, ?) AS late, @@GLOBAL.gtid_executed AS position';
}
