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
  /** Forgets those that were silent for too long. One that lives after all attaches again. */
  forgetSilent(nowMs: number): void {
    for (const [id, { heardMs }] of this) if (heardMs < nowMs - SESSION_LEASE_MS) this.delete(id);
  }
}

export function idOf({ thread, socket }: SessionAddress): string {
  return pinnedId(thread, socket);
}
