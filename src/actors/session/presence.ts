/** A session's part in presence: it says that its user is there while it lives, and may follow others. */
import type { Context } from '../../runtime/context.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import { type Availability, personKind } from '../person/messages.ts';
import { type PresenceMessage, presenceKind } from '../presence/messages.ts';
import type { SocketId } from '../sockets.ts';
import type { Identity } from '../user/messages.ts';
import type { SessionMessage } from './messages.ts';

/** What it needs of its session. */
interface PresenceOwner {
  readonly context: Context<SessionMessage>;
  readonly socket: SocketId;
  readonly identity: Identity | undefined;
}

export class PresenceOfSession {
  readonly #session: PresenceOwner;
  #state: Availability = 'online';
  #follows = false;

  constructor(session: PresenceOwner) {
    this.#session = session;
  }

  /** The thread's presence, for a session that may follow from now on. */
  following(): Ref<PresenceMessage> {
    this.#follows = true;
    return this.#ref();
  }

  set(state: Availability): void {
    this.#state = state;
    this.here();
  }

  /** Said at least twice in the time that a silent session is remembered. */
  here(): void {
    const { identity, context } = this.#session;
    if (identity === undefined) return;
    const here = { type: 'here', session: context.self.id, state: this.#state } as const;
    context.tell(context.ref(personKind, identity.user.id), here);
  }

  end(): void {
    const { identity, context, socket } = this.#session;
    if (this.#follows) context.tell(this.#ref(), { type: 'unfollow', session: socket });
    if (identity === undefined) return;
    context.tell(context.ref(personKind, identity.user.id), { type: 'gone', session: context.self.id });
  }

  #ref(): Ref<PresenceMessage> {
    const { context } = this.#session;
    return context.ref(presenceKind, pinnedId(context.thread, 0));
  }
}
