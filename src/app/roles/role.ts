/** What every role of a thread is given, and what it gives back. */
import type { Logger } from '../../log/logger.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { Crew, Progress, ThreadConfig } from '../crew.ts';

export interface RoleEnvironment {
  readonly shard: Shard;
  readonly crew: Crew;
  readonly config: ThreadConfig;
  readonly log: Logger;
  /** Undefined on the threads that start before it is known. */
  readonly progress: Progress | undefined;
  /** Ends the process: this thread is no longer to be trusted. */
  readonly fail: (error: unknown) => void;
}

/** The progress that a role is given which starts after the persister. */
export function progressOf({ progress }: RoleEnvironment): Progress {
  if (progress === undefined) throw new Error('this role starts after the persister');
  return progress;
}

export interface RunningRole {
  /** Found out by the persister's role. */
  readonly progress?: Progress;
  /** The log's role: the store's progress is known. */
  open?(progress: Progress): void;
  listen?(): void;
  /** Says goodbye to the clients and resolves when all are gone, or after a bound. */
  drain?(spreadMs: number): Promise<void>;
  /** The thread is failing: tell its clients, as far as that can still be done. */
  abandon?(): void;
  /** Open sockets. */
  sockets?(): number;
  /** How the back ends are that it talks to. */
  backEnds?(): readonly BackEndReport[];
  /** What its storage counts. */
  samples?(): readonly Sample[];
  /** Null when done, else the problem. */
  resetPassword?(username: string, password: string): Promise<string | null>;
  /** Closes what the role has open. */
  end(): Promise<void>;
}
