/** The states of a cell, as bits, and what can be seen of them. */
import type { Actor } from './kind.ts';

export const QUEUED = 1;
export const SUSPENDED = 2;
export const BACKING_OFF = 4;
/** A stop was asked for; messages are refused. */
export const STOPPING = 8;
/** `stopping()` ran and put the end off. */
export const LINGERING = 16;
export const STOPPED = 32;
/** Stopping for idleness only: messages are taken, for the next activation. */
export const PASSIVATING = 64;
/** The back-off is over, but children of the failed incarnation are not gone yet. */
export const AWAITS_CHILDREN = 128;
/** Messages are refused in these, unless an activation to come takes them. */
export const CLOSED = STOPPING | STOPPED;
/** No message is handled in any of these. */
export const HELD = SUSPENDED | BACKING_OFF | STOPPING | STOPPED;
/** No incarnation is made in any of these. */
export const HALTED = BACKING_OFF | STOPPING | STOPPED;

/** Something that overtakes messages: a reply, a timer, a stop. Runs in the actor's turn. */
export interface Signal {
  deliver(): void;
}

export type CellStatus = 'running' | 'suspended' | 'backing off' | 'stopping';

/** What the inspector shows of one actor. */
export interface CellSummary {
  readonly status: CellStatus;
  /** Messages that wait. */
  readonly depth: number;
  /** Stacks, the newest last. */
  readonly lastFailures: readonly string[];
  readonly state: Readonly<Record<string, unknown>>;
}

/** What can be seen of an actor; one that fails at telling is seen all the same. */
export function summaryOf(
  flags: number,
  depth: number,
  lastFailures: readonly string[],
  actor: Pick<Actor<never>, 'summary'> | null,
): CellSummary {
  const seen = { status: statusOf(flags), depth, lastFailures };
  try {
    return { ...seen, state: actor?.summary?.() ?? {} };
  } catch (error) {
    return { ...seen, state: { summaryFailed: String(error) } };
  }
}

function statusOf(flags: number): CellStatus {
  if ((flags & (STOPPING | STOPPED)) !== 0) return 'stopping';
  if ((flags & BACKING_OFF) !== 0) return 'backing off';
  return (flags & SUSPENDED) !== 0 ? 'suspended' : 'running';
}

/** Whether a message may enter the mailbox. */
export function takesMessages(flags: number): boolean {
  return (flags & CLOSED) === 0 || (flags & (PASSIVATING | STOPPED)) === PASSIVATING;
}

/** The type of a message for the log; never its content. */
export function messageType(message: unknown): string {
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : typeof message;
}
