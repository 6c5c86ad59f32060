/** Tellings: users learn that they are in the room, or are not any more, however often it takes to reach their actors. */
import type { Context } from '../../runtime/context.ts';
import { userKind } from '../user/messages.ts';
import type { RoomMessage } from './messages.ts';
import type { RoomState } from './state.ts';

const DEADLINE_MS = 2_000;
const RETRY_MS = 500;

export class Tellings {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  /** Users who are being told; true where what is true of them has changed since. */
  readonly #open = new Map<string, boolean>();

  constructor(context: Context<RoomMessage>, state: RoomState) {
    this.#context = context;
    this.#state = state;
  }

  get idle(): boolean {
    return this.#open.size === 0;
  }

  /** Tells the user's actor what is true when it is told. One telling a user is under way: the last one counts. */
  tell(user: string): void {
    if (this.#open.has(user)) this.#open.set(user, true);
    else this.#ask(user);
  }

  #ask(user: string): void {
    this.#open.set(user, false);
    const type = this.#state.members.has(user) ? 'entered' : 'left';
    const message = { type, room: this.#state.id } as const;
    this.#context.ask(this.#context.ref(userKind, user), message, DEADLINE_MS, (reply) => {
      if (!reply.ok) this.#context.after(RETRY_MS, () => this.#ask(user));
      else if (this.#open.get(user) === true) this.#ask(user);
      else this.#open.delete(user);
    });
  }
}
