/** Presence mirror: a copy of who is there, for other programs. It is never read by the engine, and may be lost at any time. */
import type { Promised } from './records.ts';

export interface MirroredPresence {
  readonly user: string;
  readonly state: 'online' | 'away' | 'offline';
  /** Since when, in milliseconds since the epoch; of one who is offline, when they were last there. */
  readonly since: number;
}

export interface PresenceMirror {
  /** Of one who is there it is kept for a few minutes: publish it again before. One who is offline has no entry. */
  publish(entries: readonly MirroredPresence[]): Promised<void>;
}
