/** What the main thread and its workers say to each other. Actors talk over lanes; this is only for starting and ending. */
import type { Config } from '../config/schema.ts';
import type { WebFile } from '../http/web-routes.ts';
import type { StorageSettings } from './storage/settings.ts';

/** What a thread is there for. */
export type ThreadRole = 'shard' | 'log' | 'persister' | 'records' | 'files' | 'search';

/** The threads of one process by number: shards first, then one for each service. */
export interface Crew {
  readonly shards: number;
  readonly roles: readonly ThreadRole[];
}

export function crewOf(shards: number): Crew {
  return {
    shards,
    roles: [...new Array<ThreadRole>(shards).fill('shard'), 'log', 'persister', 'records', 'files', 'search'],
  };
}

/** Number of the thread with this role; of the first one for shards. */
export function threadOfRole(crew: Crew, role: ThreadRole): number {
  return crew.roles.indexOf(role);
}

/** Both directions between this thread and a peer. */
export interface PeerLink {
  readonly peer: number;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  /** Rings the peer, and is rung by it. */
  readonly bell: MessagePort;
}

export interface Boot {
  readonly type: 'boot';
  readonly thread: number;
  readonly crew: Crew;
  readonly links: readonly PeerLink[];
  readonly config: ThreadConfig;
  /** Undefined for the threads that start before it is known. */
  readonly progress: Progress | undefined;
}

/** What the message store says at the start. */
export interface Progress {
  /** The epoch in which this process owns the slots. */
  readonly epoch: number;
  /** How far each partition of the log has come, by partition. */
  readonly persisted: readonly number[];
}

/** What concerns files that the engine fetches for its users. */
export type DownloadSetting =
  | 'maxDownloads'
  | 'downloadMaxSize'
  | 'downloadMaxTimeMs'
  | 'downloadAllow'
  | 'downloadDeny'
  | 'downloadPorts';

/** The configuration without secrets and classes, so that it can be cloned. */
export type ThreadConfig = Pick<
  Config,
  | 'host'
  | 'port'
  | 'dataDir'
  | 'allowedOrigins'
  | 'trustedProxies'
  | 'rateLimit'
  | 'tokenTtlMs'
  | 'loginPolicy'
  | 'editWindowMs'
  | 'recallWindowMs'
  | 'maxSocketsPerUser'
  | 'maxUploadSize'
  | 'maxUploads'
  | 'uploadTtlMs'
  | 'typingMembers'
  | 'search'
  | 'publicUrl'
  | 'finishAt'
  | 'stagingGraceMs'
  | 'receiptsUpTo'
  | 'quotaBytes'
  | 'trashDays'
  | 'thumbnailCacheBytes'
  | 'instantScope'
  | DownloadSetting
  | 'hooksToPrivate'
  | 'maxRoomMembers'
  | 'maxRoomsPerUser'
  | 'logLevel'
> & {
  readonly logFormat: 'json' | 'text';
  readonly webFiles: ReadonlyMap<string, WebFile>;
  readonly storage: StorageSettings;
};

export type ToThread =
  | Boot
  /** To the log's thread, which has the lease since its boot: write the fences and take appends, then answer `opened`. */
  | { readonly type: 'open'; readonly progress: Progress }
  /** Start to listen: every service is there. */
  | { readonly type: 'listen' }
  /** Stop these kinds in order, each within the deadline, then answer `stopped`. */
  | { readonly type: 'stop-kinds'; readonly phases: readonly (readonly string[])[]; readonly deadlineMs: number }
  /**
   * Say goodbye to the clients, spread their return over this many milliseconds, take no new ones, and answer `drained`
   * when all are gone or a bound has passed.
   */
  | { readonly type: 'drain'; readonly spreadMs: number }
  /** Another thread has failed: close all sockets at once, so that clients go elsewhere, and answer `abandoned`. */
  | { readonly type: 'abandon' }
  /** Close sockets and storage, then answer `ended`. */
  | { readonly type: 'end' }
  | { readonly type: 'reset-password'; readonly username: string; readonly password: string };

export type FromThread =
  /** `progress` comes from the persister's thread. */
  | { readonly type: 'ready'; readonly progress: Progress | undefined }
  | { readonly type: 'opened' }
  | { readonly type: 'listening' }
  | { readonly type: 'drained' }
  | { readonly type: 'abandoned' }
  | { readonly type: 'stopped'; readonly left: number }
  | { readonly type: 'ended' }
  | { readonly type: 'failed'; readonly error: string }
  | { readonly type: 'password-reset'; readonly problem: string | null };
