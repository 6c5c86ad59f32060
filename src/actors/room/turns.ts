/** Turns: a room's members and fields change one at a time, in the order of asking. */
import { fault } from '../../protocol/faults.ts';
import type { ReplyTo } from '../../runtime/reply.ts';

const MAX_WAITING_CHANGES = 1_024;
const FULL = fault('overloaded', 'too many changes of the room wait', 500);

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  get idle(): boolean {
    return !this.#taken;
  }

  /** Runs `change` when it is its turn; the turn ends with `next`. */
  take(replyTo: ReplyTo | undefined, change: () => void): void {
    if (!this.#taken) {
      this.#taken = true;
      change();
    } else if (this.#waiting.length < MAX_WAITING_CHANGES) this.#waiting.push(change);
    else replyTo?.settle(undefined, FULL);
  }

  next(): void {
    const change = this.#waiting.shift();
    if (change === undefined) this.#taken = false;
    else change();
  }
}
