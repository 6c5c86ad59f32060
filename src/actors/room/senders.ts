/** Those who send to one stream of a room, each with their last nonces, which are loaded before anything else is done. */
import { type Fault, fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { RecordStream } from '../../storage/ports/log-record.ts';
import type { PostedNonce } from '../../storage/ports/message-store.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import type { RoomMessage } from './messages.ts';
import { NonceWindow } from './nonces.ts';

const NONCES_DEADLINE_MS = 5_000;
/** Senders whose nonces are kept; the one that was first seen longest ago goes first. */
const MAX_SENDERS = 1_024;

export interface Sender<S> {
  /** Undefined while it is loaded. */
  window: NonceWindow | undefined;
  /** In the order of sending. */
  readonly stashed: S[];
  /** The first of them waits for something else that is being loaded. */
  waiting: boolean;
}

interface Hooks<S> {
  loaded(sender: Sender<S>): void;
  /** What is stashed cannot be decided; called once for each of it. */
  failed(sender: Sender<S>, reason: Fault): void;
  /** Something of the user is in flight. */
  isBusy(user: string): boolean;
}

interface Rules {
  readonly stream: RecordStream;
  readonly head: number;
  readonly unstored: (sender: string) => readonly PostedNonce[];
}

export class Senders<S> {
  readonly #context: Context<RoomMessage>;
  readonly #room: string;
  readonly #rules: Rules;
  readonly #senders = new Map<string, Sender<S>>();
  #hasForgotten = false;

  constructor(context: Context<RoomMessage>, room: string, rules: Rules) {
    this.#context = context;
    this.#room = room;
    this.#rules = rules;
  }

  known(user: string): Sender<S> | undefined {
    return this.#senders.get(user);
  }

  of(user: string, hooks: Hooks<S>): Sender<S> {
    const known = this.#senders.get(user);
    if (known !== undefined) return known;
    // Nobody had sent anything when the room was activated: there are no nonces to load.
    const window = this.#rules.head === 0 && !this.#hasForgotten ? new NonceWindow([]) : undefined;
    const sender: Sender<S> = { window, stashed: [], waiting: false };
    this.#senders.set(user, sender);
    if (window === undefined) this.#load(user, sender, hooks);
    if (this.#senders.size > MAX_SENDERS) this.#forgetOne(hooks);
    return sender;
  }

  #load(user: string, sender: Sender<S>, hooks: Hooks<S>): void {
    const { stream } = this.#rules;
    const query = { type: 'nonces', room: this.#room, sender: user, limit: LIMITS.nonceWindowPosts, stream } as const;
    this.#context.ask(this.#context.ref(messageReaderKind, 'all'), query, NONCES_DEADLINE_MS, (reply) => {
      if (reply.ok) {
        const newest = reply.value.at(-1)?.seq ?? 0;
        const unstored = this.#rules.unstored(user).filter((entry) => entry.seq > newest);
        sender.window = new NonceWindow([...reply.value, ...unstored]);
        hooks.loaded(sender);
        return;
      }
      this.#senders.delete(user);
      while (sender.stashed.length > 0) hooks.failed(sender, NOT_READ);
    });
  }

  /** Only one with nothing on its way; what the store lacks of it is in the tail, so that loading finds all again. */
  #forgetOne(hooks: Hooks<S>): void {
    for (const [user, sender] of this.#senders) {
      if (sender.window === undefined || sender.stashed.length > 0 || hooks.isBusy(user)) continue;
      this.#senders.delete(user);
      this.#hasForgotten = true;
      return;
    }
  }
}

const NOT_READ = fault('unavailable', 'what was sent before cannot be read now', 500);
