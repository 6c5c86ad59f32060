/** The door to the deliveries of hooks, on the thread that makes them. */
import { askPort, definePortKind } from './storage/port-actor.ts';

/** An event that was given up. */
export interface DeadEvent {
  readonly id: string;
  readonly room: string;
  readonly seq: number;
  readonly attempts: number;
  /** Of its last failure. */
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly diedAt: number;
}

/** What others ask of the deliveries. */
export interface HookDesk {
  /** Why the address cannot be a hook's, as far as it can be told without asking it; null where it can. */
  refusal(url: string): Promise<string | null>;
  /** The stored hooks have changed. From the answer on they count. */
  refresh(): Promise<true>;
  /** Of one hook, those that died first, first; of the 1,000 that died first of all. */
  dead(hook: string): Promise<readonly DeadEvent[]>;
  /** Sends what is dead of the hook again, or so much of it as is named. Says how many there were. */
  replay(hook: string, ids: readonly string[] | null): Promise<number>;
}

export const hookDeskKind = definePortKind<HookDesk>('hook-desk');

export const askHookDesk = askPort(hookDeskKind);
