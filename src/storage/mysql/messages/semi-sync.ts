/**
 * Whether the primary answers a COMMIT only after a replica has it. Where a replica is up that is the server's own doing
 * (`AFTER_SYNC`); without one, or past its time limit, it goes on alone and says so in a status variable.
 */
import { StorageFault } from '../../ports/faults.ts';
import type { SqlRunner } from '../connection.ts';

/** `off`: what is stored from now on is lost with the primary. `unknown`: nobody could be asked. */
export type SemiSync = 'on' | 'off' | 'unknown';

/** MariaDB and MySQL before 8.0.26 say `master`. */
const NAME = /^rpl_semi_sync_(?:master|source)_(status|clients)$/i;

export async function readSemiSync(runner: SqlRunner): Promise<SemiSync> {
  try {
    const rows = await runner.rows<{ Variable_name: string; Value: string }>(
      "SHOW GLOBAL STATUS LIKE 'Rpl\\_semi\\_sync\\_%'",
      [],
      { prepared: false },
    );
    // A server without the plugin has no such variables, and waits for nobody.
    const values = new Map(rows.map((row) => [NAME.exec(row.Variable_name)?.[1]?.toLowerCase(), row.Value]));
    // A primary whose last replica has left may go on to say `ON`, though there is nobody to wait for.
    return values.get('status') === 'ON' && Number(values.get('clients')) > 0 ? 'on' : 'off';
  } catch (error) {
    if (error instanceof StorageFault) return 'unknown';
    throw error;
  }
}

/** Keeps what was read last, and reads it again at most once an interval. */
export class SemiSyncWatch {
  readonly #runner: SqlRunner;
  readonly #intervalMs: number;
  #state: SemiSync = 'unknown';
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor(runner: SqlRunner, intervalMs: number) {
    this.#runner = runner;
    this.#intervalMs = intervalMs;
  }

  get state(): SemiSync {
    return this.#state;
  }

  /** Reads the state if it is due. Resolves once it is known. */
  async look(): Promise<void> {
    if (this.#reading === null && performance.now() - this.#readAt >= this.#intervalMs) this.#reading = this.#read();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      this.#state = await readSemiSync(this.#runner);
    } finally {
      this.#readAt = performance.now();
      this.#reading = null;
    }
  }
}
