/** Open sessions of a user, on any node. Their ends may be lost on the way, so they are known for a while only. */
import { LIMITS } from '../../protocol/limits.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { SessionAddress } from './messages.ts';

/** A session attaches again at least twice in this time; one that was not heard of for so long is gone. */
export const SESSION_LEASE_MS = LIMITS.heartbeatMs * 5;

export interface OpenSession {
  readonly address: SessionAddress;
  readonly tokenHash: string;
  /** When it attached last, by the monotonic clock. */
  readonly heardMs: number;
}

/** By the id of the session's actor. */
export class OpenSessions extends Map<string, OpenSession> {
  /** Hashes of the tokens that they said hello with. */
  tokens(): ReadonlySet<string> {
    return new Set([...this.values()].map(({ tokenHash }) => tokenHash));
  }

  /** Forgets those that were silent for too long. One that lives after all attaches again. */
  forgetSilent(nowMs: number): void {
    for (const [id, { heardMs }] of this) if (heardMs < nowMs - SESSION_LEASE_MS) this.delete(id);
  }
}

/** Sessions whose token is being looked up, each as often as it asked. */
export class Attaching {
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#counts.size;
  }

  begin(id: string): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }

  /** False if the session has ended meanwhile. */
  end(id: string): boolean {
    const count = this.#counts.get(id);
    if (count === undefined) return false;
    if (count === 1) this.#counts.delete(id);
    else this.#counts.set(id, count - 1);
    return true;
  }

  /** The session ended. */
  forget(id: string): void {
    this.#counts.delete(id);
  }
}

export function idOf({ thread, socket }: SessionAddress): string {
  return pinnedId(thread, socket);
}
