/** Pace: in slow mode a member's posts keep a distance. */
import { isSlowed } from './permissions.ts';
import type { RoomState } from './state.ts';

const MAX_KNOWN = 10_000;

export class Pace {
  readonly #state: RoomState;
  readonly #nowMs: () => number;
  /** When each posted last, of those who did since this room was opened and slow mode was on. */
  readonly #lastMs = new Map<string, number>();

  constructor(state: RoomState, nowMs: () => number) {
    this.#state = state;
    this.#nowMs = nowMs;
  }

  /** How long the user's next post has to wait; `storedAt` is the time of their newest post that was loaded. */
  waitMs(user: string, storedAt: number): number {
    const member = this.#state.members.get(user);
    if (member === undefined || !isSlowed(this.#state, member)) return 0;
    const lastMs = Math.max(storedAt, this.#lastMs.get(user) ?? 0);
    return Math.max(0, lastMs + this.#state.fields.slowMode * 1_000 - this.#nowMs());
  }

  posting(user: string, at: number): void {
    if (this.#state.fields.slowMode === 0) return;
    if (this.#lastMs.size >= MAX_KNOWN) this.#lastMs.clear();
    this.#lastMs.set(user, at);
  }

  /** The post did not happen. */
  givenUp(user: string): void {
    this.#lastMs.delete(user);
  }
}
