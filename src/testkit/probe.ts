/** Probes: actors that do nothing but remember what they were sent, and answer what a test tells them to. */
import type { Context } from '../runtime/context.ts';
import { type Actor, type Behaviour, defineKind, type Kind } from '../runtime/kind.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { Ref } from '../runtime/ref.ts';
import type { Fault, ReplyTo } from '../runtime/reply.ts';
import type { TestShard } from './test-shard.ts';

type Typed = { readonly type: string };
type Variant<M, T> = Extract<M, { readonly type: T }>;
type Answer = { readonly value: unknown } | { readonly fault: Fault };

/** One message as it came. */
export interface Received<M> {
  /** The id under which it came: one probe stands for all actors of its kind. */
  readonly id: string;
  readonly message: M;
  /** Undefined where it was told, not asked. */
  readonly replyTo: ReplyTo | undefined;
}

export class Probe<M extends Typed> {
  readonly ref: Ref<M>;
  /** Ends that it was told of, by address. */
  readonly terminated: string[] = [];
  readonly #shard: TestShard;
  readonly #received: Received<M>[] = [];
  readonly #answers = new Map<string, (message: M) => Answer>();
  #context: Context<M> | undefined;

  /** Takes the place of all actors of the kind, which must not be registered yet. */
  constructor(shard: TestShard, kind: Kind<M>, id = 'probe') {
    this.#shard = shard;
    shard.register(kind, this.#behaviour());
    this.ref = shard.ref(kind, id);
  }

  /** What came and was not expected yet, oldest first. */
  get waiting(): readonly Received<M>[] {
    this.#shard.settle();
    return this.#received;
  }

  /** Takes the oldest message, which must be of this type. Throws with what came instead. */
  expect<const T extends M['type']>(type: T): Variant<M, T> {
    return this.expectAsk(type).message;
  }

  /** Like `expect`, with the right to answer. */
  expectAsk<const T extends M['type']>(type: T): Received<Variant<M, T>> {
    this.#shard.settle();
    const first = this.#received[0];
    if (first?.message.type !== type) throw new Error(`expected ${type}, but there is ${this.#describe()}`);
    this.#received.shift();
    return first as Received<unknown> as Received<Variant<M, T>>;
  }

  expectNothing(): void {
    this.#shard.settle();
    if (this.#received.length > 0) throw new Error(`expected nothing, but there is ${this.#describe()}`);
  }

  /** From now on answers asks of this type with what `answer` gives. They are remembered all the same. */
  answer<const T extends M['type']>(type: T, answer: (message: Variant<M, T>) => unknown): void {
    this.#answers.set(type, (message) => ({ value: answer(message as Variant<M, T>) }));
  }

  /** From now on answers asks of this type with a fault. */
  fail(type: M['type'], fault: Fault): void {
    this.#answers.set(type, () => ({ fault }));
  }

  /** Watches an actor; its end is found in `terminated`. */
  watch<T>(ref: Ref<T>): void {
    this.#active().watch(ref);
    this.#shard.settle();
  }

  unwatch<T>(ref: Ref<T>): void {
    this.#active().unwatch(ref);
  }

  #active(): Context<M> {
    if (this.#context === undefined) {
      this.#shard.tell(this.ref, { type: 'probe-wakes' } as Typed as M);
      this.#shard.settle();
      this.#received.pop();
    }
    return this.#context as Context<M>;
  }

  #behaviour(): Behaviour<M> {
    return (context): Actor<M> => {
      this.#context = context;
      return {
        receive: (message) => this.#receive(context, message),
        terminated: (address) => void this.terminated.push(address),
      };
    };
  }

  #receive(context: Context<M>, message: M): void {
    this.#received.push({ id: context.self.id, message, replyTo: context.replyTo() });
    const answer = this.#answers.get(message.type)?.(message);
    if (answer === undefined) return;
    if ('value' in answer) context.reply(answer.value);
    else context.fail(answer.fault);
  }

  #describe(): string {
    return this.#received.length === 0 ? 'nothing' : this.#received.map(({ message }) => message.type).join(', ');
  }
}

/** A probe of a kind of its own, on this shard. */
export function newProbe<M extends Typed>(shard: TestShard, name = 'probe'): Probe<M> {
  return new Probe(shard, defineKind<M>({ name, placement: 'pinned' }), pinnedId(shard.shard.thread, 'probe'));
}
