/** The one place where errors of MySQL, of its driver and of the network become storage faults. */
import { StorageFault, type StorageFaultCode } from '../ports/faults.ts';

/** By the server's error number. What is missing here is a defect, such as a syntax error or an unknown table. */
const FAULT_BY_ERRNO: Readonly<Record<number, StorageFaultCode>> = {
  // The server is away, full, busy or being looked after.
  1021: 'unavailable', // ER_DISK_FULL
  1030: 'unavailable', // ER_GET_ERRNO: the storage engine's own error, most often a full disk
  1037: 'unavailable', // ER_OUTOFMEMORY
  1038: 'unavailable', // ER_OUT_OF_SORTMEMORY
  1040: 'unavailable', // ER_CON_COUNT_ERROR
  1041: 'unavailable', // ER_OUT_OF_RESOURCES
  1042: 'unavailable', // ER_BAD_HOST_ERROR
  1043: 'unavailable', // ER_HANDSHAKE_ERROR
  1053: 'unavailable', // ER_SERVER_SHUTDOWN
  1079: 'unavailable', // ER_SHUTDOWN_COMPLETE
  1080: 'unavailable', // ER_FORCING_CLOSE
  1114: 'unavailable', // ER_RECORD_FILE_FULL
  1129: 'unavailable', // ER_HOST_IS_BLOCKED
  1152: 'unavailable', // ER_ABORTING_CONNECTION
  1158: 'unavailable', // ER_NET_READ_ERROR
  1159: 'unavailable', // ER_NET_READ_INTERRUPTED
  1160: 'unavailable', // ER_NET_ERROR_ON_WRITE
  1161: 'unavailable', // ER_NET_WRITE_INTERRUPTED
  1180: 'unavailable', // ER_ERROR_DURING_COMMIT
  1184: 'unavailable', // ER_NEW_ABORTING_CONNECTION
  1203: 'unavailable', // ER_TOO_MANY_USER_CONNECTIONS
  1205: 'unavailable', // ER_LOCK_WAIT_TIMEOUT
  1213: 'unavailable', // ER_LOCK_DEADLOCK
  1226: 'unavailable', // ER_USER_LIMIT_REACHED
  1317: 'unavailable', // ER_QUERY_INTERRUPTED
  1927: 'unavailable', // ER_CONNECTION_KILLED (MariaDB)
  1969: 'unavailable', // ER_STATEMENT_TIMEOUT (MariaDB)
  3024: 'unavailable', // ER_QUERY_TIMEOUT (MySQL)
  3169: 'unavailable', // ER_SESSION_WAS_KILLED (MySQL)
  3032: 'unavailable', // ER_SERVER_OFFLINE_MODE (MySQL)
  4031: 'unavailable', // ER_CLIENT_INTERACTION_TIMEOUT (MySQL)
  // A replica, or a primary that an operator has stopped.
  1290: 'unavailable', // ER_OPTION_PREVENTS_STATEMENT
  1836: 'unavailable', // ER_READ_ONLY_MODE
  // An operator's grants and names: nothing has happened, and it works once they are mended.
  1044: 'unavailable', // ER_DBACCESS_DENIED_ERROR
  1045: 'unavailable', // ER_ACCESS_DENIED_ERROR
  1049: 'unavailable', // ER_BAD_DB_ERROR
  1142: 'unavailable', // ER_TABLEACCESS_DENIED_ERROR
  1143: 'unavailable', // ER_COLUMNACCESS_DENIED_ERROR
  1227: 'unavailable', // ER_SPECIFIC_ACCESS_DENIED_ERROR
  1698: 'unavailable', // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
  // The request breaks a rule of the tables.
  1048: 'refused', // ER_BAD_NULL_ERROR
  1062: 'refused', // ER_DUP_ENTRY
  1118: 'refused', // ER_TOO_BIG_ROWSIZE
  1153: 'refused', // ER_NET_PACKET_TOO_LARGE
  1216: 'refused', // ER_NO_REFERENCED_ROW
  1217: 'refused', // ER_ROW_IS_REFERENCED
  1264: 'refused', // ER_WARN_DATA_OUT_OF_RANGE
  1265: 'refused', // WARN_DATA_TRUNCATED
  1366: 'refused', // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  1406: 'refused', // ER_DATA_TOO_LONG
  1451: 'refused', // ER_ROW_IS_REFERENCED_2
  1452: 'refused', // ER_NO_REFERENCED_ROW_2
  3819: 'refused', // ER_CHECK_CONSTRAINT_VIOLATED (MySQL)
  4025: 'refused', // ER_CONSTRAINT_FAILED (MariaDB)
  // What is on the disk cannot be read.
  1034: 'corrupt', // ER_NOT_KEYFILE
  1035: 'corrupt', // ER_OLD_KEYFILE
  1194: 'corrupt', // ER_CRASHED_ON_USAGE
  1195: 'corrupt', // ER_CRASHED_ON_REPAIR
  1712: 'corrupt', // ER_INDEX_CORRUPT
};

/** Errors of the network and of the client library, which have no number of the server's. */
const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ETIMEDOUT',
  'EPIPE',
  'EMFILE',
  'ENFILE',
  'EADDRNOTAVAIL',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'HANDSHAKE_NO_SSL_SUPPORT',
  'HANDSHAKE_SSL_ERROR',
  'FailedToOpenSocket',
  'ConnectionRefused',
]);

const DEADLOCK = 1213;
const LOCK_WAIT_TIMEOUT = 1205;
const READ_ONLY: ReadonlySet<number> = new Set([1290, 1836]);
/** Shut down, killed by an operator, or idle for too long. */
const SESSION_ENDED: ReadonlySet<number> = new Set([1053, 1927, 3169, 4031]);
const DUPLICATE = 1062;
/** Syntax errors and values that do not fit are reported with a piece of what was sent. */
const QUOTES_VALUES: ReadonlySet<number> = new Set([1062, 1064, 1292, 1366, 1367, 1411, 1525]);
const NO_REFERENCED_ROW: ReadonlySet<number> = new Set([1216, 1452]);

/** The fields of an error of the client library that matter here. */
interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  /** The connection is of no more use. */
  readonly fatal?: boolean;
}

/**
 * What a fault keeps as its cause: the error without the statement and without the values that the server quotes, which
 * may be names, hashes or message bodies.
 */
export class SqlError extends Error {
  readonly code: string;
  /** The server's error number; 0 for an error of the network. */
  readonly errno: number;
  readonly sqlState: string;
  /** The unique key that was violated, without its table; empty for other errors. */
  readonly key: string;

  constructor(error: DriverError) {
    const key = duplicateKey(error);
    super(safeMessage(error, key));
    this.name = 'SqlError';
    this.code = error.code ?? 'UNKNOWN';
    this.errno = isServerError(error) ? (error.errno ?? 0) : 0;
    this.sqlState = error.sqlState ?? '';
    this.key = key;
    if (error.stack !== undefined) this.stack = `${this.name}: ${this.message}\n${frames(error.stack)}`;
  }
}

/** A fault of getting a connection: nothing was sent, so nothing can have happened. */
export class NotSent extends StorageFault {
  constructor({ code, message, cause }: StorageFault) {
    super(code, message, cause);
  }
}

/** Whether a write that failed like this may have been done, or may yet be. */
export function mayHaveHappened(error: unknown): boolean {
  if (!(error instanceof StorageFault)) return true;
  return error.code === 'unavailable' && !(error instanceof NotSent) && !isLostToAnother(error) && !isReadOnly(error);
}

/** The fault for an error of the client library; any other error is a defect and comes back unchanged. */
export function toStorageFault(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof StorageFault || error instanceof SqlError) return error;
  const fault = faultCode(error);
  if (fault === undefined) return isServerError(error) ? new SqlError(error) : error;
  const cause = new SqlError(error);
  return new StorageFault(fault, `cannot ${doing}: ${cause.message} (${cause.code})`, cause);
}

/** Whether the transaction lost to another one: what it did is undone, or has to be. */
export function isLostToAnother(error: unknown): boolean {
  const errno = sqlErrorOf(error)?.errno;
  return errno === DEADLOCK || errno === LOCK_WAIT_TIMEOUT;
}

/** Whether two transactions waited for each other, and this one was chosen to start anew. */
export function isDeadlock(error: unknown): boolean {
  return sqlErrorOf(error)?.errno === DEADLOCK;
}

/** Whether the session ended before the answer came, for another reason than its lateness. */
export function isConnectionLost(error: unknown): boolean {
  const cause = sqlErrorOf(error);
  return cause !== undefined && (cause.errno === 0 || SESSION_ENDED.has(cause.errno));
}

/** Whether the server takes no writes: a replica, or a primary that was stopped by an operator. */
export function isReadOnly(error: unknown): boolean {
  return READ_ONLY.has(sqlErrorOf(error)?.errno ?? 0);
}

/** Whether a unique key was violated; with `key`, whether it was that one (`PRIMARY` for the primary one). */
export function isDuplicate(error: unknown, key?: string): boolean {
  const sqlError = sqlErrorOf(error);
  return sqlError?.errno === DUPLICATE && (key === undefined || sqlError.key === key);
}

/** Whether a row was to refer to one that does not exist. */
export function isUnknownReference(error: unknown): boolean {
  return NO_REFERENCED_ROW.has(sqlErrorOf(error)?.errno ?? 0);
}

/** The server's or the network's error behind a fault. */
export function sqlErrorOf(error: unknown): SqlError | undefined {
  if (error instanceof SqlError) return error;
  return error instanceof StorageFault && error.cause instanceof SqlError ? error.cause : undefined;
}

function faultCode(error: DriverError): StorageFaultCode | undefined {
  if (isServerError(error)) return FAULT_BY_ERRNO[error.errno ?? 0];
  if (error.code !== undefined && UNAVAILABLE_CODES.has(error.code)) return 'unavailable';
  // The library says of a connection that is gone only that it is.
  return error.fatal === true ? 'unavailable' : undefined;
}

function isServerError(error: DriverError): boolean {
  return error.sqlState !== undefined && typeof error.errno === 'number';
}

/** `Duplicate entry 'x' for key 'users.username'`: MySQL names the table, MariaDB does not. The value may hold anything. */
function duplicateKey(error: DriverError): string {
  if (error.errno !== DUPLICATE) return '';
  const [, name = ''] = /for key '([^']*)'$/.exec(error.message) ?? [];
  return name.slice(name.lastIndexOf('.') + 1);
}

function safeMessage(error: DriverError, key: string): string {
  if (key !== '') return `duplicate entry for the key ${key}`;
  return QUOTES_VALUES.has(error.errno ?? 0) ? error.message.replace(/'.*'/s, '…') : error.message;
}

function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
