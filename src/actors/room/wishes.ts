/** What its members have settled that a room goes by: whom they have blocked, and whether others see how far they have read. */
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { RoomKind } from '../../storage/ports/records.ts';
import { askPeople } from '../storage/people.ts';
import type { RoomMessage } from './messages.ts';

export class Wishes {
  /** Of a direct room: those who have blocked the other. */
  #blockers: ReadonlySet<string> = new Set();
  readonly #withoutReceipts = new Set<string>();

  /** Whether the other one of a direct room does not want to hear of this user. */
  isBlocked(user: string): boolean {
    for (const blocker of this.#blockers) if (blocker !== user) return true;
    return false;
  }

  /** Whether the others must not see how far this member has read. */
  hidesReceipts(user: string): boolean {
    return this.#withoutReceipts.has(user);
  }

  blockedBy(blockers: readonly string[]): void {
    this.#blockers = new Set(blockers);
  }

  receiptsOff(users: readonly string[]): void {
    for (const user of users) this.#withoutReceipts.add(user);
  }

  /** They have just joined, or changed their mind: until it is known what they want, their receipts are hidden. */
  learnReceipts(context: Context<RoomMessage>, users: readonly string[]): void {
    this.receiptsOff(users);
    askPeople(context, 'withoutReceipts', [users], (reply) => {
      if (!reply.ok) {
        context.after(RETRY_MS, () => this.learnReceipts(context, users));
        return;
      }
      const off = new Set(reply.value);
      for (const user of users) if (!off.has(user)) this.#withoutReceipts.delete(user);
    });
  }

  /** Answered once the room goes by the blocks as they are stored now. */
  learnBlocks(context: Context<RoomMessage>, members: readonly string[], replyTo: ReplyTo | undefined): void {
    askPeople(context, 'blockersBetween', pairOf(members), (reply) => {
      if (!reply.ok) {
        replyTo?.settle(undefined, reply.fault);
        return;
      }
      this.blockedBy(reply.value);
      replyTo?.settle({}, undefined);
    });
  }
}

const RETRY_MS = 1_000;

/** Calls `onAway` where they cannot be read now. */
export function loadWishes(
  context: Context<RoomMessage>,
  kind: RoomKind,
  members: readonly string[],
  onLoaded: (wishes: Wishes) => void,
  onAway: () => void,
): void {
  const wishes = new Wishes();
  askPeople(context, 'withoutReceipts', [members], (reply) => {
    if (!reply.ok) return onAway();
    wishes.receiptsOff(reply.value);
    if (kind !== 'direct') return onLoaded(wishes);
    askPeople(context, 'blockersBetween', pairOf(members), (blocks) => {
      if (!blocks.ok) return onAway();
      wishes.blockedBy(blocks.value);
      onLoaded(wishes);
    });
  });
}

function pairOf([a, b]: readonly string[]): [string, string] {
  if (a === undefined || b === undefined) throw new Error('a direct room has two members');
  return [a, b];
}
