/**
 * A counter per name, which is written to a store once a second while it changes.
 *
 * Owns one number. Talks to the store. The number survives a restart and passivation in the store; what was counted after
 * the last save does not.
 */
import type { Context } from '../../src/runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../src/runtime/kind.ts';
import type { Request } from '../../src/runtime/reply.ts';

// ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type CounterMessage =
  | { readonly type: 'add'; readonly by: number }
  | ({ readonly type: 'get' } & Request<number>);

export type StoreMessage =
  | ({ readonly type: 'load'; readonly name: string } & Request<number>)
  | ({ readonly type: 'save'; readonly name: string; readonly value: number } & Request<null>);

// ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const SAVE_AFTER_MS = 1_000;
const STORE_DEADLINE_MS = 500;

export const counterKind = defineKind<CounterMessage>({
  name: 'counter',
  mailbox: { capacity: 256, overflow: 'refuse' },
  supervision: { onFailure: 'restart', maxRestarts: 5, withinMs: 30_000 },
  passivateAfterMs: 60_000,
});

export const storeKind = defineKind<StoreMessage>({ name: 'store' });

// ── behaviour ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const counter: Behaviour<CounterMessage> = (context) => new Counter(context);

class Counter implements Actor<CounterMessage> {
  readonly #context: Context<CounterMessage>;
  #value = 0;
  #dirty = false;

  constructor(context: Context<CounterMessage>) {
    this.#context = context;
  }

  /** Messages wait until the number is here. If it cannot be had, the supervisor tries again after a back-off. */
  started(): void {
    const { id } = this.#context.self;
    this.#context.suspend();
    this.#context.ask(this.#store(), { type: 'load', name: id }, STORE_DEADLINE_MS, (reply) => {
      if (!reply.ok) throw new Error(`the counter cannot load: ${reply.fault.message}`);
      this.#value = reply.value;
      this.#context.resume();
    });
  }

  receive(message: CounterMessage): void {
    switch (message.type) {
      case 'add':
        return this.#add(message.by);
      case 'get':
        return this.#context.reply(this.#value);
    }
  }

  mayPassivate(): boolean {
    return !this.#dirty;
  }

  /** The end waits for the last save. */
  stopping(): boolean {
    if (!this.#dirty) return true;
    this.#save(() => this.#context.stop());
    return false;
  }

  summary(): Readonly<Record<string, unknown>> {
    return { value: this.#value, dirty: this.#dirty };
  }

  // ── handlers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #add(by: number): void {
    if (!Number.isSafeInteger(by)) throw new RangeError('only whole numbers can be added');
    this.#value += by;
    if (this.#dirty) return;
    this.#dirty = true;
    this.#context.after(SAVE_AFTER_MS, () => this.#save(() => {}));
  }

  #save(then: () => void): void {
    const { id } = this.#context.self;
    const value = this.#value;
    this.#dirty = false;
    this.#context.ask(this.#store(), { type: 'save', name: id, value }, STORE_DEADLINE_MS, (reply) => {
      if (!reply.ok) this.#add(0);
      then();
    });
  }

  #store() {
    return this.#context.ref(storeKind, 'all');
  }
}

/** A store in memory, for the example. */
export function memoryStore(values: Map<string, number>): Behaviour<StoreMessage> {
  return (context) => ({
    receive(message) {
      if (message.type === 'load') return context.reply(values.get(message.name) ?? 0);
      values.set(message.name, message.value);
      context.reply(null);
    },
  });
}
