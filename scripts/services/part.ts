/** What every back end of `services` is: something that can be installed, started, asked and stopped. */
import type { Daemon } from './daemon.ts';

export const PART_NAMES = ['mysql', 'redis', 'rabbitmq', 'ceph'] as const;

export type PartName = (typeof PART_NAMES)[number];

export interface Part {
  readonly name: PartName;
  /** The programs it runs, each with the Debian package that brings it. */
  readonly programs: Readonly<Record<string, string>>;
  /** Its processes, in the order in which they start; they stop in the reverse one. */
  readonly daemons: readonly Daemon[];
  /** Makes its configuration, and its data where there are none yet. Harmless to repeat, also after a cut-off run. */
  install(): Promise<void> | void;
  /** Starts what does not run. Resolves once clients can use it, and rejects with the reason if that does not come. */
  start(): Promise<void>;
  /** Asks it as a client would. Rejects with the reason where it cannot be used. */
  probe(): Promise<void>;
  /** The variables of the engine that point at it. */
  variables(): Readonly<Record<string, string>>;
}

export function isPartName(text: string): text is PartName {
  return PART_NAMES.some((name) => name === text);
}

/** Stops the processes of one part in good order. True where at least one had been running. */
export async function stopPart(part: Part): Promise<boolean> {
  const wasRunning = part.daemons.some((daemon) => daemon.pid() !== undefined);
  for (const daemon of part.daemons.toReversed()) await daemon.stop();
  return wasRunning;
}
