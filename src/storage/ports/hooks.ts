/**
 * Hooks: addresses of other programs that are told of what happens. Each change is written together with its entry in the
 * log of actions; everything is read from where it is written, never from a replica.
 */
import type { NewAudit } from './moderation.ts';
import type { Promised } from './records.ts';

export const MAX_HOOKS = 50;
export const MAX_ROOMS_OF_HOOK = 100;

export interface Hook {
  /** An id of the engine's own, as users have them. */
  readonly id: string;
  /** `http` or `https`. */
  readonly url: string;
  /** What signs its deliveries. */
  readonly secret: string;
  /** The rooms it hears of; none stands for all. */
  readonly rooms: readonly string[];
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface Hooks {
  /** False where there are `most` already; then nothing is written. */
  addHook(hook: Hook, most: number, audit: NewAudit): Promised<boolean>;
  /** In the order of their making. */
  hooks(): Promised<readonly Hook[]>;
  /** False where there is none of this id. */
  removeHook(id: string, audit: NewAudit): Promised<boolean>;
  close(): Promise<void>;
}
