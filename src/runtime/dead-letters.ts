/** Dead letters: messages that reached nobody. Counted always, logged at a bounded rate, never silent. */
import type { Host, RuntimeLog } from './host.ts';

const LOG_INTERVAL_MS = 5_000;

export class DeadLetters {
  readonly #host: Host;
  readonly #log: RuntimeLog;
  total = 0;
  #sinceLog = 0;
  #nextLogMs = 0;

  constructor(host: Host, log: RuntimeLog) {
    this.#host = host;
    this.#log = log;
  }

  add(address: string, reason: string, count = 1): void {
    this.total += count;
    this.#sinceLog += count;
    const now = this.#host.monotonicMs();
    if (now < this.#nextLogMs) return;
    this.#log.warn('dead letters', { address, reason, count: this.#sinceLog, total: this.total });
    this.#sinceLog = 0;
    this.#nextLogMs = now + LOG_INTERVAL_MS;
  }
}
