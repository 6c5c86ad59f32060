/** What every role of a thread is given, and what it gives back. */
import type { Logger } from '../../log/logger.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { Crew, ThreadConfig } from '../crew.ts';

export interface RoleEnvironment {
  readonly shard: Shard;
  readonly crew: Crew;
  readonly config: ThreadConfig;
  readonly log: Logger;
  /** How far the message store has come. */
  readonly persisted: number;
  /** Ends the process: this thread is no longer to be trusted. */
  readonly fail: (error: unknown) => void;
}

export interface RunningRole {
  /** How far the message store had come when the role was ready. */
  readonly persisted?: number;
  listen?(): void;
  /** Says goodbye to the clients and resolves when all are gone, or after a bound. */
  drain?(spreadMs: number): Promise<void>;
  /** The thread is failing: tell its clients, as far as that can still be done. */
  abandon?(): void;
  /** Open sockets. */
  sockets?(): number;
  /** Null when done, else the problem. */
  resetPassword?(username: string, password: string): Promise<string | null>;
  /** Closes what the role has open. */
  end(): Promise<void>;
}
