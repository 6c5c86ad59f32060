/** A bounded set of connections that are lent out one user at a time, with a bounded line of those who wait for one. */
import { StorageFault } from '../ports/faults.ts';
import type { SqlConnection } from './connection.ts';

export interface ConnectionsOptions {
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Most who wait for one; the next is refused at once. */
  readonly maxWaiting: number;
  /** How long one may wait: milliseconds. */
  readonly waitMs: number;
  /** A connection that nobody has used for so long is closed: milliseconds. */
  readonly idleMs: number;
}

/** Counts of the moment. */
export interface PoolStats {
  /** Open or being opened. */
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

interface Waiting {
  readonly settle: (connection: Promise<SqlConnection> | SqlConnection) => void;
  readonly fail: (fault: StorageFault) => void;
}

export class Connections {
  readonly #connect: () => Promise<SqlConnection>;
  readonly #options: ConnectionsOptions;
  /** The one that was used last is the last. */
  readonly #idle = new Map<SqlConnection, ReturnType<typeof setTimeout>>();
  readonly #waiting = new Set<Waiting>();
  readonly #lent = new Set<SqlConnection>();
  #open = 0;
  #closed = false;
  #graceIsOver = false;
  #drained: (() => void) | null = null;

  constructor(connect: () => Promise<SqlConnection>, options: ConnectionsOptions) {
    this.#connect = connect;
    this.#options = options;
  }

  get stats(): PoolStats {
    return { open: this.#open, idle: this.#idle.size, waiting: this.#waiting.size };
  }

  /** Lends a connection, which has to be given back. Rejects with `unavailable` where none can be had in time. */
  async borrow(): Promise<SqlConnection> {
    if (this.#closed) throw new StorageFault('unavailable', 'the connections to MySQL are closed');
    const idle = [...this.#idle.keys()].at(-1);
    if (idle !== undefined) return this.#lend(idle);
    if (this.#open < this.#options.maxConnections) return await this.#openOne();
    if (this.#waiting.size >= this.#options.maxWaiting) {
      throw new StorageFault('unavailable', `${this.#waiting.size} already wait for a connection to MySQL`);
    }
    return await this.#wait();
  }

  /** Takes a lent connection back, usable or not. */
  giveBack(connection: SqlConnection): void {
    this.#lent.delete(connection);
    if (this.#closed) connection.destroy();
    if (connection.usable) {
      const next = this.#nextWaiting();
      if (next !== undefined) next.settle(this.#lend(connection));
      else this.#rest(connection);
    } else {
      this.#gone();
    }
  }

  /** Closes what nobody uses: after a sign that the server is in trouble, or is no longer the right one. */
  dropIdle(): void {
    for (const connection of [...this.#idle.keys()]) connection.destroy();
  }

  /** Refuses who waits, lets who has one finish within `graceMs`, and closes everything. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting) {
      waiting.fail(new StorageFault('unavailable', 'the connections to MySQL are being closed'));
    }
    this.#waiting.clear();
    await Promise.all([...this.#idle.keys()].map((connection) => this.#retire(connection)));
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#graceIsOver = true;
        for (const connection of this.#lent) connection.destroy();
        resolve();
      }, graceMs);
      this.#drained = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #lend(connection: SqlConnection): SqlConnection {
    clearTimeout(this.#idle.get(connection));
    this.#idle.delete(connection);
    this.#lent.add(connection);
    return connection;
  }

  #rest(connection: SqlConnection): void {
    const timer = setTimeout(() => void this.#retire(connection), this.#options.idleMs);
    // A pool that nobody closes does not keep a process alive.
    timer.unref();
    this.#idle.set(connection, timer);
  }

  async #retire(connection: SqlConnection): Promise<void> {
    clearTimeout(this.#idle.get(connection));
    this.#idle.delete(connection);
    await connection.end();
    this.#gone();
  }

  async #openOne(): Promise<SqlConnection> {
    this.#open += 1;
    try {
      const connection = await this.#connect();
      if (this.#graceIsOver) {
        connection.destroy();
        throw new StorageFault('unavailable', 'the connections to MySQL are closed');
      }
      connection.onLost(() => this.#lostWhileIdle(connection));
      this.#lent.add(connection);
      return connection;
    } catch (error) {
      this.#gone();
      throw error;
    }
  }

  #lostWhileIdle(connection: SqlConnection): void {
    const timer = this.#idle.get(connection);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#idle.delete(connection);
    this.#gone();
  }

  /** A place is free: who waits first gets to open a connection in it. */
  #gone(): void {
    this.#open -= 1;
    if (this.#closed) {
      if (this.#open === 0) this.#drained?.();
      return;
    }
    const next = this.#nextWaiting();
    if (next !== undefined) next.settle(this.#openOne());
  }

  #nextWaiting(): Waiting | undefined {
    const [next] = this.#waiting;
    if (next !== undefined) this.#waiting.delete(next);
    return next;
  }

  #wait(): Promise<SqlConnection> {
    const { waitMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new StorageFault('unavailable', `no connection to MySQL was free within ${waitMs} ms`));
      }, waitMs);
      const waiting: Waiting = {
        settle: (connection) => {
          clearTimeout(timer);
          resolve(connection);
        },
        fail: (fault) => {
          clearTimeout(timer);
          reject(fault);
        },
      };
      this.#waiting.add(waiting);
    });
  }
}
