/**
 * Opens connections to the server that is wanted: the only one, or the one of a list that takes writes.
 *
 * The choice stays until it fails; then all are asked anew, so that a promotion is followed without a restart. Two servers
 * that both take writes would each take some: nothing is opened then until an operator has stopped one.
 */
import { StorageFault } from '../ports/faults.ts';
import { atMost } from './at-most.ts';
import { type ConnectionOptions, SqlConnection } from './connection.ts';
import { addressOf, type SqlTarget } from './target.ts';

/** `primary` insists on a server that takes writes; `any` takes the first that answers. */
export type ServerRole = 'primary' | 'any';

/** Once a server that fits has answered, the others get so long to say that they fit too: milliseconds. */
const OTHERS_MS = 500;

export class Servers {
  readonly #targets: readonly SqlTarget[];
  readonly #role: ServerRole;
  readonly #options: ConnectionOptions;
  #chosen: SqlTarget | null;
  #choosing: Promise<SqlConnection> | null = null;

  constructor(targets: readonly SqlTarget[], role: ServerRole, options: ConnectionOptions) {
    this.#targets = targets;
    this.#role = role;
    this.#options = options;
    this.#chosen = targets.length === 1 ? (targets[0] ?? null) : null;
  }

  /** `host:port` of the server in use, or of all where none is chosen. */
  get address(): string {
    return this.#chosen === null ? this.#targets.map(addressOf).join(', ') : addressOf(this.#chosen);
  }

  /** Rejects with `unavailable` where no server fits. */
  async connect(): Promise<SqlConnection> {
    if (this.#chosen === null) return await this.#choose();
    try {
      return await this.#open(this.#chosen);
    } catch (error) {
      if (this.#targets.length === 1) throw error;
      this.#chosen = null;
      return await this.#choose();
    }
  }

  /** The first to ask gets the connection that the choice has opened; who waits with it opens one of its own. */
  async #choose(): Promise<SqlConnection> {
    if (this.#choosing !== null) {
      await this.#choosing;
      return await this.connect();
    }
    this.#choosing = this.#ask();
    try {
      const connection = await this.#choosing;
      this.#chosen = connection.target;
      return connection;
    } finally {
      this.#choosing = null;
    }
  }

  async #ask(): Promise<SqlConnection> {
    const attempts = this.#targets.map((target) => this.#open(target));
    const opened: SqlConnection[] = [];
    const faults: unknown[] = [];
    let tooLate = false;
    const settled = attempts.map(async (attempt) => {
      try {
        const connection = await attempt;
        if (tooLate) connection.destroy();
        else opened.push(connection);
      } catch (error) {
        faults.push(error);
      }
    });
    await firstOf(attempts);
    await atMost(OTHERS_MS, Promise.all(settled));
    tooLate = true;
    const [first, ...others] = opened;
    if (first !== undefined && (others.length === 0 || this.#role === 'any')) {
      for (const other of others) other.destroy();
      return first;
    }
    for (const connection of opened) connection.destroy();
    throw this.#noneFits(opened, faults);
  }

  async #open(target: SqlTarget): Promise<SqlConnection> {
    const connection = await SqlConnection.open(target, this.#options);
    if (this.#role === 'any' || !connection.facts.readOnly) return connection;
    connection.destroy();
    throw new StorageFault('unavailable', `MySQL at ${addressOf(target)} is read-only`);
  }

  #noneFits(opened: readonly SqlConnection[], faults: readonly unknown[]): unknown {
    if (opened.length > 1) {
      const addresses = opened.map(({ address }) => address).join(' and ');
      return new StorageFault('unavailable', `${addresses} both take writes: make all but one read-only`);
    }
    // An error that is no fault is a defect and must not look like a server that is away.
    const defect = faults.find((fault) => !(fault instanceof StorageFault));
    if (defect !== undefined) return defect;
    const reasons = faults.map((fault) => (fault as StorageFault).message).join('; ');
    return new StorageFault('unavailable', `no MySQL server takes writes: ${reasons}`, faults[0]);
  }
}

/** Resolves once one attempt has succeeded or all have failed. */
async function firstOf(attempts: readonly Promise<unknown>[]): Promise<void> {
  await Promise.any(attempts).catch((error: unknown) => {
    if (!(error instanceof AggregateError)) throw error;
  });
}
