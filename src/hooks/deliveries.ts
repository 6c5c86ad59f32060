/**
 * Deliveries: posts each event to its hook, signed, until the other side takes it or its tries are used up. Read from the
 * store at the moment of sending, so that what was recalled is not sent.
 */

import type { DeadEvent } from '../actors/hooks.ts';
import { StorageFault } from '../storage/ports/faults.ts';
import type { Hook } from '../storage/ports/hooks.ts';
import {
  type DeadJob,
  type Delivery,
  type JobConsumer,
  type JobQueue,
  MAX_DEAD_LIMIT,
  type QueuePolicy,
} from '../storage/ports/queue.ts';
import { decodeEvent, eventId, type HookEvent, signature } from './event.ts';
import type { KnownHooks } from './known-hooks.ts';
import { settled } from './spreader.ts';

export interface HookAnswer {
  readonly status: number;
  readonly body: string;
}

export interface DeliveriesOptions {
  readonly out: JobQueue;
  readonly hooks: Pick<KnownHooks, 'current'>;
  /** The message as JSON shows it; undefined where there is nothing to show. Rejects with a `StorageFault`. */
  readonly read: (event: HookEvent) => Promise<Readonly<Record<string, unknown>> | undefined>;
  /** Rejects with an `Error` that says why there is no answer. */
  readonly post: (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<HookAnswer>;
  /** Takes a message back since the hook asked for it. Rejects with a `StorageFault`. */
  readonly recall: (event: HookEvent) => Promise<void>;
  readonly wallMs: () => number;
  readonly onFailed: (event: HookEvent, reason: string, isDead: boolean) => void;
  readonly onDefect: (error: unknown) => void;
}

export interface DeliveryCounts {
  delivered: number;
  failed: number;
  dead: number;
}

export const OUT_QUEUE = 'hook-out';
/** About fifteen hours of tries. */
export const OUT_POLICY: QueuePolicy = {
  maxAttempts: 24,
  delaysMs: [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000],
  maxJobs: 100_000,
  maxDead: 10_000,
};
const AT_ONCE = 16;
/** The other side says that it never wants it. */
const GONE = 410;

type Outcome = { readonly kind: 'done' } | { readonly kind: 'again' | 'dead'; readonly reason: string };
const DONE: Outcome = { kind: 'done' };

export class Deliveries {
  readonly counts: DeliveryCounts = { delivered: 0, failed: 0, dead: 0 };
  readonly #options: DeliveriesOptions;
  #consumer: JobConsumer | undefined;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#consumer = this.#options.out.consume({
      prefetch: AT_ONCE,
      deliver: (delivery) => void this.#take(delivery).catch(this.#options.onDefect),
    });
  }

  async close(): Promise<void> {
    await this.#consumer?.close();
  }

  /** Of one hook, those that died first, first. */
  async dead(hook: string): Promise<readonly DeadEvent[]> {
    return (await this.#deadOf(hook)).map(({ id, body, attempts, reason, diedAt }) => {
      const { room, seq } = decodeEvent(body);
      return { id, room, seq, attempts, reason, diedAt };
    });
  }

  /** Sends what is dead of the hook again, or so much of it as is named. Says how many there were. */
  async replay(hook: string, ids: readonly string[] | undefined): Promise<number> {
    const dead = (await this.#deadOf(hook)).map(({ id }) => id);
    const chosen = ids === undefined ? dead : dead.filter((id) => ids.includes(id));
    return chosen.length === 0 ? 0 : await this.#options.out.replay(chosen);
  }

  async #deadOf(hook: string): Promise<readonly DeadJob[]> {
    const dead = await this.#options.out.dead(MAX_DEAD_LIMIT);
    return dead.filter(({ body }) => decodeEvent(body).hook === hook);
  }

  async #take(delivery: Delivery): Promise<void> {
    const event = decodeEvent(delivery.job.body);
    const outcome = await this.#deliver(event);
    await settled(async () => {
      if (outcome.kind === 'done') return await delivery.done();
      const { reason } = outcome;
      const isDead = outcome.kind === 'dead';
      if (isDead) await delivery.giveUp(reason);
      const end = isDead ? 'dead' : await delivery.retry(reason);
      this.counts[end === 'dead' ? 'dead' : 'failed'] += 1;
      this.#options.onFailed(event, reason, end === 'dead');
    });
  }

  async #deliver(event: HookEvent): Promise<Outcome> {
    try {
      const hooks = await this.#options.hooks.current();
      const hook = hooks.find(({ id }) => id === event.hook);
      const message = hook === undefined ? undefined : await this.#options.read(event);
      if (hook === undefined || message === undefined) return DONE;
      return await this.#post(event, hook, message);
    } catch (error) {
      if (error instanceof StorageFault) return { kind: 'again', reason: error.message };
      throw error;
    }
  }

  async #post(event: HookEvent, { url, secret }: Hook, message: Readonly<Record<string, unknown>>): Promise<Outcome> {
    const id = eventId(event);
    const body = JSON.stringify({ id, type: 'message', message });
    const timestamp = String(this.#options.wallMs());
    const headers = {
      'content-type': 'application/json',
      'mailroom-event': id,
      'mailroom-timestamp': timestamp,
      'mailroom-signature': signature(secret, timestamp, body),
    };
    const answer = await this.#options.post(url, headers, body).catch((error: Error) => error);
    if (answer instanceof Error) return { kind: 'again', reason: answer.message };
    const { status } = answer;
    if (status === GONE) return { kind: 'dead', reason: `answered ${status}` };
    if (status < 200 || status > 299) return { kind: 'again', reason: `answered ${status}` };
    if (wantsRecall(answer.body)) await this.#options.recall(event);
    this.counts.delivered += 1;
    return DONE;
  }
}

/** Whatever else an answer says is the receiver's own business. */
function wantsRecall(body: string): boolean {
  if (!body.includes('recall')) return false;
  try {
    return (JSON.parse(body) as { readonly recall?: unknown } | null)?.recall === true;
  } catch {
    return false;
  }
}
