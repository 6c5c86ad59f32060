/** Typing: told to the members that are there, seldom, never kept, and not at all in large rooms or while many posts wait. */
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { Context } from '../../runtime/context.ts';
import type { Delivery } from './delivery.ts';
import type { RoomMessage } from './messages.ts';
import type { RoomState } from './state.ts';

/** A member is told of once in this time, however often they say it. */
const EVERY_MS = 2_000;
const MAX_MEMBERS = 200;

export class TypingMembers {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  readonly #delivery: Delivery;
  readonly #maxMembers: number;
  /** When each was told of last, by the monotonic clock; the oldest first. */
  readonly #toldMs = new Map<string, number>();

  constructor(context: Context<RoomMessage>, state: RoomState, delivery: Delivery, maxMembers = MAX_MEMBERS) {
    this.#context = context;
    this.#state = state;
    this.#delivery = delivery;
    this.#maxMembers = maxMembers;
  }

  /** `busy`: the room has more important things to tell. */
  types(user: string, busy: boolean): void {
    const now = this.#context.monotonicMs();
    for (const [member, toldMs] of this.#toldMs) {
      if (now - toldMs < EVERY_MS) break;
      this.#toldMs.delete(member);
    }
    const { id: room, version, members } = this.#state;
    if (busy || members.size > this.#maxMembers || this.#toldMs.has(user)) return;
    this.#toldMs.set(user, now);
    const frame = encodeNotification('typing', { room, user });
    this.#delivery.send({ type: 'announce', room, version, change: false, frame });
  }
}
