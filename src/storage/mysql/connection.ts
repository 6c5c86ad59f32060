/** One session with one server. Every statement has a deadline; a session that misses one is destroyed, as nobody knows its state. */
import { connect as connectSocket, type Socket } from 'node:net';
import { type Connection, createConnection, type ExecuteValues, TypedParameter } from 'mysql2';
import { StorageFault } from '../ports/faults.ts';
import { committedGtid, type Dialect, dialectOf, type StateChanges, sessionStatement } from './dialect.ts';
import { isReadOnly, toStorageFault } from './faults.ts';
import { addressOf, type SqlTarget } from './target.ts';

/** Whole numbers must be safe. Strings are sent as UTF-8, bytes as they are. */
export type SqlValue = string | number | bigint | Uint8Array | null;

export interface SqlWritten {
  /** Rows that were inserted or deleted, or that an UPDATE found, whether or not it changed them. */
  readonly affectedRows: number;
  /** First value that AUTO_INCREMENT gave out; 0 if none. */
  readonly insertId: number;
  /** GTID of the commit that this statement made; null inside a transaction. */
  readonly gtid: string | null;
}

export interface StatementOptions {
  /**
   * False sends the text with its values, for shapes that differ from call to call. By default a statement is prepared
   * once a session, which pays for fixed texts.
   */
  readonly prepared?: boolean;
  /** Milliseconds; the pool's by default. */
  readonly deadlineMs?: number;
}

/**
 * What runs statements. All of it rejects with a `StorageFault`, or with the server's error where that is a defect.
 *
 * BIGINT comes as a number where it is safe and as a string elsewhere; binary columns come as a `Uint8Array` that may be
 * a view of a larger buffer.
 */
export interface SqlRunner {
  /** The rows of a reading statement. */
  rows<R>(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<readonly R[]>;
  /** Runs a statement that returns no rows. */
  run(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<SqlWritten>;
}

export interface ConnectionOptions {
  /** For the way to the server, the login and the first statements together. */
  readonly connectMs: number;
  /** For each statement that names no other. */
  readonly queryMs: number;
  /** For the lock of another transaction; shorter than `queryMs`. */
  readonly lockWaitMs: number;
}

/** What the server said of itself when the session began. */
export interface ServerFacts {
  readonly dialect: Dialect;
  readonly version: string;
  readonly readOnly: boolean;
}

/** After this the server ends a statement that the client has already given up, milliseconds past the client's deadline. */
const SERVER_GRACE_MS = 1_000;

const MAX_PREPARED_STATEMENTS = 256;

/** How long a server may take to close its side. */
const GOODBYE_MS = 500;

interface Answer {
  readonly affectedRows: number;
  readonly insertId: number;
  readonly stateChanges?: StateChanges;
}

export class SqlConnection implements SqlRunner {
  readonly target: SqlTarget;
  readonly #options: ConnectionOptions;
  readonly #client: Connection;
  readonly #socket: Socket;
  readonly #lost: (() => void)[] = [];
  /** What ends each statement under way: the library forgets them when it is told to let go of the connection. */
  readonly #underWay = new Set<(error: Error) => void>();
  #facts: ServerFacts = { dialect: 'mysql', version: '', readOnly: false };
  #usable = true;
  #checkedAt = 0;

  /** Rejects with `unavailable` where it takes longer than `connectMs`, or with what the server says. */
  static async open(target: SqlTarget, options: ConnectionOptions): Promise<SqlConnection> {
    const connection = new SqlConnection(target, options);
    const timer = setTimeout(() => connection.destroy(), options.connectMs);
    try {
      await connection.#begin();
      return connection;
    } catch (error) {
      connection.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private constructor(target: SqlTarget, options: ConnectionOptions) {
    this.target = target;
    this.#options = options;
    const { host, port, user, password, database, tls } = target;
    // The socket is made here, as the library's own way to end a connection leaves it open while the peer says nothing.
    this.#socket = connectSocket({ host, port, noDelay: true, keepAlive: true });
    this.#client = createConnection({
      host,
      port,
      user,
      password,
      database,
      stream: () => this.#socket,
      // Every statement has its own deadline, the first one included.
      connectTimeout: 0,
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      supportBigNumbers: true,
      trace: false,
      flags: ['-LOCAL_FILES'],
      maxPreparedStatements: MAX_PREPARED_STATEMENTS,
      ...(tls === 'disabled' ? {} : { ssl: tlsOptions(tls === 'verify-identity') }),
    });
    this.#client.on('error', () => this.destroy());
    this.#client.on('end', () => this.destroy());
  }

  get facts(): ServerFacts {
    return this.#facts;
  }

  /** False once a statement was late, the connection was lost, or the server turned out to take no writes. */
  get usable(): boolean {
    return this.#usable;
  }

  get address(): string {
    return addressOf(this.target);
  }

  /** Calls the listener once when this connection stops being usable. */
  onLost(listener: () => void): void {
    this.#lost.push(listener);
  }

  async rows<R>(sql: string, values: readonly SqlValue[] = [], options?: StatementOptions): Promise<readonly R[]> {
    return (await this.#ask(sql, values, options)) as readonly R[];
  }

  async run(sql: string, values: readonly SqlValue[] = [], options?: StatementOptions): Promise<SqlWritten> {
    const { affectedRows, insertId, stateChanges } = (await this.#ask(sql, values, options)) as Answer;
    return { affectedRows, insertId, gtid: committedGtid(this.#facts.dialect, stateChanges) };
  }

  /** Ends the session at once, and with it whatever is under way. */
  destroy(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#client.destroy();
    this.#socket.destroy();
    for (const end of [...this.#underWay]) end(new LostConnection());
    for (const listener of this.#lost) listener();
  }

  /** Says goodbye to the server; nothing may be under way. Not usable from the call on, and nobody is told of it. */
  async end(): Promise<void> {
    if (!this.#usable) return;
    this.#usable = false;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GOODBYE_MS);
      this.#socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#client.end();
    });
    this.#socket.destroy();
  }

  /** Asks again whether the server takes writes, unless that was asked within `trustedMs`. */
  async stillWrites(trustedMs: number): Promise<boolean> {
    if (performance.now() - this.#checkedAt < trustedMs) return true;
    const [server] = await this.rows<{ readOnly: number }>('SELECT @@GLOBAL.read_only AS readOnly', []);
    this.#checkedAt = performance.now();
    return server?.readOnly === 0;
  }

  async #begin(): Promise<void> {
    const [server] = await this.rows<{ version: string; readOnly: number }>(
      'SELECT @@version AS version, @@GLOBAL.read_only AS readOnly',
      [],
      { prepared: false, deadlineMs: this.#options.connectMs },
    );
    if (server === undefined) throw new Error('the server says nothing of itself');
    this.#checkedAt = performance.now();
    this.#facts = { dialect: dialectOf(server.version), version: server.version, readOnly: server.readOnly === 1 };
    const { lockWaitMs, queryMs, connectMs } = this.#options;
    const settings = sessionStatement(this.#facts.dialect, { lockWaitMs, statementMs: queryMs + SERVER_GRACE_MS });
    await this.run(settings, [], { prepared: false, deadlineMs: connectMs });
  }

  #ask(sql: string, values: readonly SqlValue[], options: StatementOptions = {}): Promise<unknown> {
    const { prepared = true, deadlineMs = this.#options.queryMs } = options;
    if (!this.#usable) return Promise.reject(this.#failed(new LostConnection()));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(this.#fault(`no answer within ${deadlineMs} ms`));
        this.destroy();
      }, deadlineMs);
      const done = (error: Error | null, result?: unknown): void => {
        clearTimeout(timer);
        if (!this.#underWay.delete(done)) return;
        if (error === null) resolve(result);
        else reject(this.#failed(error));
      };
      this.#underWay.add(done);
      try {
        const bound = values.map(toWire);
        if (prepared) this.#client.execute(sql, bound.map(typed), done);
        else this.#client.query(sql, bound, done);
      } catch (error) {
        clearTimeout(timer);
        this.#underWay.delete(done);
        reject(error);
      }
    });
  }

  #failed(error: Error & { readonly fatal?: boolean }): unknown {
    const fault = toStorageFault(error, `use MySQL at ${this.address}`);
    // A session with a server that was demoted is of no more use to who writes.
    if (error.fatal === true || isReadOnly(fault)) this.destroy();
    return fault;
  }

  #fault(problem: string): StorageFault {
    return new StorageFault('unavailable', `cannot use MySQL at ${this.address}: ${problem}`);
  }
}

/** As the library says it of a connection that it has noticed to be lost. */
class LostConnection extends Error {
  readonly code = 'PROTOCOL_CONNECTION_LOST';

  constructor() {
    super('the connection is lost');
  }
}

function toWire(value: SqlValue): Exclude<SqlValue, Uint8Array> | Buffer {
  if (value === undefined) throw new TypeError('a statement has a value that is undefined');
  if (!(value instanceof Uint8Array) || Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Whole numbers would travel as floating-point ones, for which MySQL has no LIMIT. */
function typed(value: ReturnType<typeof toWire>): ExecuteValues {
  return Number.isInteger(value) || typeof value === 'bigint' ? TypedParameter.BIGINT(value) : value;
}

function tlsOptions(verify: boolean): { rejectUnauthorized: boolean; verifyIdentity: boolean } {
  return { rejectUnauthorized: verify, verifyIdentity: verify };
}
