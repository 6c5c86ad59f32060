/** Loading: who the user is, and in which rooms. While storage is away it is tried again, and whoever asks is refused. */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Person } from '../room/messages.ts';
import { askRecords } from '../storage/records.ts';
import type { Memberships } from './memberships.ts';
import type { UserMessage } from './messages.ts';

/** Whoever asks is told at once: a mailbox that fills while storage is away helps nobody. */
export const USER_AWAY: Fault = fault('unavailable', 'the user cannot be looked up now', 2_000);
/** The pause between two tries doubles from the first to the last. */
const RETRY_MS = [250, 5_000] as const;
/** What needs nothing that is loaded. */
const ALWAYS: ReadonlySet<UserMessage['type']> = new Set(['detach', 'notify', 'tokens-died', 'look-again']);

export class Loading {
  readonly #context: Context<UserMessage>;
  readonly #rooms: Memberships;
  readonly #onFound: (user: Person | null) => void;
  #away = false;
  #retryMs: number = RETRY_MS[0];

  constructor(context: Context<UserMessage>, rooms: Memberships, onFound: (user: Person | null) => void) {
    this.#context = context;
    this.#rooms = rooms;
    this.#onFound = onFound;
  }

  /** Holds messages back until it is loaded, or known to be away. */
  start(): void {
    this.#context.suspend();
    this.#load();
  }

  refuses({ type }: UserMessage): boolean {
    return this.#away && !ALWAYS.has(type);
  }

  #load(): void {
    askRecords(this.#context, 'usersById', [[this.#context.self.id]], (reply) => {
      if (isAway(reply)) return this.#tryLater();
      const user = reply.value[0] ?? null;
      this.#rooms.load((rooms) => {
        if (isAway(rooms)) return this.#tryLater();
        this.#away = false;
        this.#onFound(user);
        this.#context.resume();
      });
    });
  }

  /** No failure of the user: the back ends tell of themselves, and a thousand users would only repeat it. */
  #tryLater(): void {
    this.#away = true;
    this.#context.resume();
    const pauseMs = this.#retryMs * (0.5 + 0.5 * this.#context.random());
    this.#retryMs = Math.min(RETRY_MS[1], this.#retryMs * 2);
    this.#context.after(pauseMs, () => this.#load());
  }
}

/** Whether there is no answer now. Throws where there is one that no repetition will better. */
function isAway<T>(reply: Reply<T>): reply is Extract<Reply<T>, { readonly ok: false }> {
  if (reply.ok) return false;
  const { code, message } = reply.fault;
  if (code === 'unavailable' || code === 'overloaded') return true;
  throw new Error(`a user cannot load: ${message}`);
}
