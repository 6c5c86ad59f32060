/**
 * One connection to Redis: comes back by itself, and never makes anybody wait for it.
 *
 * A command is sent only while the server is known to answer; else it is refused at once. A command that gets no answer
 * within the deadline makes the connection *stalled*: the commands after it are refused too, until a probe is answered.
 * So a server that is gone, or that has stopped, costs each caller nothing, and all of them together one deadline.
 *
 * The client's own waiting is switched off: no queue while it is offline, no repetition of commands. What it keeps is the
 * reconnecting, with the delays given here, so that there is one who reconnects and not two.
 */
import { Redis } from 'ioredis';
import type { CancelTimer, Host } from '../../runtime/host.ts';
import { StorageFault } from '../ports/faults.ts';
import { isLate, isUnknownScript, toStorageFault } from './faults.ts';
import type { Script } from './scripts.ts';

/**
 * - `connecting`: there is no server yet, or not any more; tried again with growing delays.
 * - `ready`: commands are sent.
 * - `stalled`: connected, and the server is silent; probed.
 * - `closed`: for good.
 */
export type RedisState = 'connecting' | 'ready' | 'stalled' | 'closed';

export interface RedisConnectionOptions {
  /** `redis://[user]:password@host:port/db`; `rediss` for TLS. */
  readonly url: string;
  readonly host: Pick<Host, 'setTimer' | 'random'>;
  /** Longest wait for an answer. */
  readonly commandMs?: number;
  /** Told of each change of state, with the client's last error where there was one. */
  readonly onState?: (state: RedisState, error: Error | undefined) => void;
}

const COMMAND_MS = 250;
const PROBE_EVERY_MS = 200;
/** A server that is silent for this long while it owes answers is left, and connected to anew. */
const SILENCE_MS = 5_000;
const CONNECT_MS = 5_000;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 2_000;

export class RedisConnection {
  readonly #client: Redis;
  readonly #host: Pick<Host, 'setTimer' | 'random'>;
  readonly #onState: (state: RedisState, error: Error | undefined) => void;
  #state: RedisState = 'connecting';
  #lastError: Error | undefined;
  readonly #waiting = new Set<() => void>();
  #cancelProbe: CancelTimer | undefined;

  /** Begins to connect at once. */
  constructor({ url, host, commandMs = COMMAND_MS, onState = () => undefined }: RedisConnectionOptions) {
    this.#host = host;
    this.#onState = onState;
    this.#client = new Redis(url, {
      commandTimeout: commandMs,
      connectTimeout: CONNECT_MS,
      socketTimeout: Math.max(SILENCE_MS, 2 * commandMs),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
      retryStrategy: (attempt) => this.#retryMs(attempt),
    });
    this.#client.on('error', (error: Error) => {
      this.#lastError = error;
    });
    this.#client.on('ready', () => this.#enter('ready'));
    this.#client.on('close', () => this.#enter('connecting'));
  }

  get state(): RedisState {
    return this.#state;
  }

  /** Resolves once commands are sent; rejects with the reason where that takes longer, or the connection is closed. */
  async ready(deadlineMs: number): Promise<void> {
    if (this.#state === 'ready') return;
    await new Promise<void>((resolve) => {
      const cancel = this.#host.setTimer(deadlineMs, () => {
        this.#waiting.delete(done);
        resolve();
      });
      const done = (): void => {
        cancel();
        resolve();
      };
      this.#waiting.add(done);
    });
    if (this.state !== 'ready') throw this.#notReady('connect to Redis');
  }

  /** Runs one command. Throws a `StorageFault` that says what was being done. */
  async run<T>(doing: string, command: (client: Redis) => Promise<T>): Promise<T> {
    if (this.#state !== 'ready') throw this.#notReady(doing);
    try {
      return await command(this.#client);
    } catch (error) {
      if (isLate(error)) this.#stalled();
      throw toStorageFault(error, doing);
    }
  }

  /** Runs a script. Answers are integers, `null`, or bytes for strings. */
  script(doing: string, script: Script, keys: readonly string[], args: readonly (string | Buffer)[]): Promise<unknown> {
    return this.run(doing, async (client) => {
      try {
        return await client.callBuffer('EVALSHA', script.digest, keys.length, ...keys, ...args);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        return await client.callBuffer('EVAL', script.text, keys.length, ...keys, ...args);
      }
    });
  }

  /** Commands under way are refused. */
  close(): void {
    this.#enter('closed');
    this.#client.disconnect();
  }

  #notReady(doing: string): StorageFault {
    return new StorageFault('unavailable', `cannot ${doing}: Redis is ${this.#state}`, this.#lastError);
  }

  /** Full jitter above half, so that nodes do not come back in step. */
  #retryMs(attempt: number): number {
    const capMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 10));
    return Math.round(capMs * (0.5 + this.#host.random() / 2));
  }

  #enter(state: RedisState): void {
    if (this.#state === state || this.#state === 'closed') return;
    this.#state = state;
    if (state !== 'stalled') this.#cancelProbe?.();
    if (state === 'ready' || state === 'closed') this.#tellWaiting();
    this.#onState(state, state === 'ready' ? undefined : this.#lastError);
  }

  #tellWaiting(): void {
    for (const done of this.#waiting) done();
    this.#waiting.clear();
  }

  #stalled(): void {
    if (this.#state !== 'ready') return;
    this.#enter('stalled');
    this.#probeLater();
  }

  #probeLater(): void {
    this.#cancelProbe = this.#host.setTimer(PROBE_EVERY_MS, () => {
      this.#client.ping().then(
        () => this.#state === 'stalled' && this.#enter('ready'),
        (error: Error) => {
          this.#lastError = error;
          if (this.#state === 'stalled') this.#probeLater();
        },
      );
    });
  }
}
