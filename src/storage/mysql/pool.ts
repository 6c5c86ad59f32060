/**
 * The door to MySQL: bounded connections with deadlines, transactions, and one policy of doing things again.
 *
 * What is done again, and what is not:
 * - A transaction or a single write that lost a deadlock: up to three times in all, from its start, after a short random
 *   pause. Then it is `unavailable`. One that has waited in vain for a lock is so at once, as it has waited already.
 * - A transaction or a single write that a server refused for being read-only: once, on a connection to the one that is not.
 * - A read whose connection was lost: once, on a new connection.
 * - A transaction whose connection turned out to be lost before it began: once, on a new connection.
 * - A write or a COMMIT whose answer did not come: never. It is `unavailable`, and nobody knows whether it happened; who
 *   asks again must be able to stand that it did.
 */
import { StorageFault } from '../ports/faults.ts';
import type {
  ConnectionOptions,
  SqlConnection,
  SqlRunner,
  SqlValue,
  SqlWritten,
  StatementOptions,
} from './connection.ts';
import { Connections, type ConnectionsOptions, type PoolStats } from './connections.ts';
import type { Dialect } from './dialect.ts';
import { isConnectionLost, isDeadlock, isReadOnly, NotSent } from './faults.ts';
import { latestOf, NOWHERE, type Position, parsePosition } from './position.ts';
import { type ServerRole, Servers } from './servers.ts';
import { parseTargets } from './target.ts';
import { beginTransaction, type SqlTransaction, type TransactionOptions } from './transaction.ts';

export interface PoolOptions extends Partial<ConnectionsOptions>, Partial<ConnectionOptions> {
  /** `primary` by default: insists on a server that takes writes, and finds it in a list. */
  readonly role?: ServerRole;
}

export interface SqlPool extends SqlRunner {
  /** `host:port` of the server in use. */
  readonly address: string;
  readonly stats: PoolStats;
  /** The latest of the commits whose answers have come here: what a replica has to have before it may be promoted. */
  readonly committed: Position;
  /**
   * Runs `work` in a transaction (READ COMMITTED) and commits. Whatever `work` throws rolls back and
   * is thrown. `work` may run several times, so what it does outside the transaction must stand that.
   */
  transaction<T>(work: (tx: SqlTransaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Runs `work` with one session to itself, outside a transaction. What it sets in the session must be undone by it. */
  session<T>(work: (session: SqlConnection) => Promise<T>): Promise<T>;
  /** Resolves once the server has answered. */
  ping(): Promise<void>;
  /** What the server speaks. Asks it where nobody has yet. */
  dialect(): Promise<Dialect>;
  /** Waits for what is under way, at most as long as a statement may take. */
  close(): Promise<void>;
}

const DEFAULTS: Required<PoolOptions> = {
  role: 'primary',
  maxConnections: 8,
  maxWaiting: 1_024,
  waitMs: 2_000,
  idleMs: 60_000,
  connectMs: 2_000,
  queryMs: 4_000,
  lockWaitMs: 2_000,
};

const MAX_ATTEMPTS = 3;
const PAUSE_MS = 20;

/** For so long a server that took writes is taken for one that still does: milliseconds. */
const TRUSTED_MS = 1_000;

/** Opens nothing yet: the first statement does. `url` may be a comma list of servers of which one takes writes. */
export function openPool(url: string, options: PoolOptions = {}): SqlPool {
  return new Pool(url, { ...DEFAULTS, ...options });
}

class Pool implements SqlPool {
  readonly #options: Required<PoolOptions>;
  readonly #servers: Servers;
  readonly #connections: Connections;
  #dialect: Dialect | null = null;
  #committed: Position = NOWHERE;

  constructor(url: string, options: Required<PoolOptions>) {
    this.#options = options;
    this.#servers = new Servers(parseTargets(url), options.role, options);
    this.#connections = new Connections(() => this.#servers.connect(), options);
  }

  get address(): string {
    return this.#servers.address;
  }

  get stats(): PoolStats {
    return this.#connections.stats;
  }

  get committed(): Position {
    return this.#committed;
  }

  async rows<R>(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<readonly R[]> {
    const read = (): Promise<readonly R[]> => this.session((session) => session.rows<R>(sql, values, options));
    return await this.#onceMoreIfLost(read);
  }

  async run(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<SqlWritten> {
    const written = await attempts(() => this.session((session) => session.run(sql, values, options)));
    if (written.gtid !== null) this.#noteCommit(written.gtid);
    return written;
  }

  async transaction<T>(work: (tx: SqlTransaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return await attempts(() => this.#transaction(work, options));
  }

  async session<T>(work: (session: SqlConnection) => Promise<T>): Promise<T> {
    const connection = await this.#borrow();
    return await this.#use(connection, () => work(connection));
  }

  async ping(): Promise<void> {
    await this.rows('SELECT 1', [], { prepared: false });
  }

  async dialect(): Promise<Dialect> {
    return this.#dialect ?? (await this.session(async (session) => session.facts.dialect));
  }

  async close(): Promise<void> {
    await this.#connections.close(this.#options.queryMs);
  }

  async #transaction<T>(work: (tx: SqlTransaction) => Promise<T>, options: TransactionOptions): Promise<T> {
    const { connection, open } = await this.#begin();
    return await this.#use(connection, async () => {
      try {
        const value = await work(open.tx);
        const gtid = await open.commit();
        if (gtid !== null) {
          this.#noteCommit(gtid);
          options.onCommit?.(gtid);
        }
        return value;
      } catch (error) {
        await open.rollback();
        throw error;
      }
    });
  }

  /** Nothing has been sent before BEGIN is answered, so a connection that died while idle is replaced unnoticed. */
  async #begin(): Promise<{
    readonly connection: SqlConnection;
    readonly open: Awaited<ReturnType<typeof beginTransaction>>;
  }> {
    return await this.#onceMoreIfLost(async () => {
      const connection = await this.#borrow();
      try {
        return { connection, open: await beginTransaction(connection) };
      } catch (error) {
        this.#afterwards(connection, error);
        throw error;
      }
    });
  }

  /** A connection to a server that took writes a moment ago: one that was demoted may lag behind the new one. */
  async #borrow(): Promise<SqlConnection> {
    try {
      const connection = await this.#connections.borrow();
      this.#dialect = connection.facts.dialect;
      if (this.#options.role === 'any' || (await this.#stillWrites(connection))) return connection;
      return await this.#connections.borrow();
    } catch (error) {
      throw error instanceof StorageFault ? new NotSent(error) : error;
    }
  }

  /** False where the connection is of no use for that; then it was given back. */
  async #stillWrites(connection: SqlConnection): Promise<boolean> {
    try {
      if (await connection.stillWrites(TRUSTED_MS)) return true;
    } catch (error) {
      this.#afterwards(connection, error);
      if (!isConnectionLost(error)) throw error;
      return false;
    }
    connection.destroy();
    this.#connections.dropIdle();
    this.#connections.giveBack(connection);
    return false;
  }

  async #use<T>(connection: SqlConnection, work: () => Promise<T>): Promise<T> {
    let problem: unknown = null;
    try {
      return await work();
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      this.#afterwards(connection, problem);
    }
  }

  /** A session that was lost or late says something of its server, and with it of the connections that rest. */
  #afterwards(connection: SqlConnection, problem: unknown): void {
    if (problem !== null && (!connection.usable || isReadOnly(problem))) this.#connections.dropIdle();
    this.#connections.giveBack(connection);
  }

  #noteCommit(gtid: string): void {
    this.#committed = latestOf([this.#committed, parsePosition(gtid)]);
  }

  async #onceMoreIfLost<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Without a connection there was none to be lost: the server was asked just now, and is away.
      if (!isConnectionLost(error) || error instanceof NotSent) throw error;
      return await work();
    }
  }
}

async function attempts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = isDeadlock(error) || (isReadOnly(error) && attempt === 1);
      if (attempt === MAX_ATTEMPTS || !again) throw error;
    }
    await Bun.sleep(Math.random() * PAUSE_MS * attempt);
  }
}
