/** Entry of every worker thread: waits for its boot message, then runs its shard until it is told to end. */

import { inspector } from '../actors/inspector/inspector.ts';
import { inspectorKind } from '../actors/inspector/messages.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { incomingRing, outgoingRing } from '../runtime/lanes/link.ts';
import { Ring } from '../runtime/lanes/ring.ts';
import { evenPlacement } from '../runtime/placement.ts';
import { Shard } from '../runtime/shard.ts';
import { type Boot, type FromThread, type ThreadRole, type ToThread, threadOfRole } from './crew.ts';
import { realHost } from './host.ts';
import { laneCodec } from './lane-codec.ts';
import type { RoleEnvironment, RunningRole } from './roles/role.ts';

declare const self: Worker & { onmessage: ((event: MessageEvent<ToThread>) => void) | null };

interface RunningThread {
  readonly shard: Shard;
  readonly role: RunningRole;
  readonly log: Logger;
}

let running: RunningThread | undefined;

self.onmessage = ({ data }) => {
  handle(data).catch((error: unknown) => fail(error));
};

/** A defect outside any actor leaves the thread in an unknown state: its sockets are told, and the process ends. */
self.addEventListener('error', (event) => fail((event as ErrorEvent).error ?? event));
self.addEventListener('unhandledrejection', (event) => fail((event as PromiseRejectionEvent).reason));

async function handle(message: ToThread): Promise<void> {
  if (message.type !== 'boot') return obey(message, running as RunningThread);
  running = await boot(message);
  say({ type: 'ready', progress: running.role.progress });
}

async function obey(message: Exclude<ToThread, Boot>, { shard, role }: RunningThread): Promise<void> {
  switch (message.type) {
    case 'open':
      role.open?.(message.progress);
      return say({ type: 'opened' });
    case 'listen':
      role.listen?.();
      return say({ type: 'listening' });
    case 'drain':
      await role.drain?.(message.spreadMs);
      return say({ type: 'drained' });
    case 'abandon':
      role.abandon?.();
      return say({ type: 'abandoned' });
    case 'stop-kinds': {
      let left = 0;
      for (const kinds of message.phases) left += await shard.stopKinds(kinds, message.deadlineMs);
      return say({ type: 'stopped', left });
    }
    case 'reset-password': {
      const problem = (await role.resetPassword?.(message.username, message.password)) ?? null;
      return say({ type: 'password-reset', problem });
    }
    case 'end':
      await role.end();
      shard.shutdown();
      return say({ type: 'ended' });
  }
}

async function boot({ thread, crew, links, config, progress }: Boot): Promise<RunningThread> {
  const role = crew.roles[thread] as Boot['crew']['roles'][number];
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    sink: (line) => void process.stderr.write(`${line}\n`),
    now: realHost.wallMs,
  }).child({ thread: `${role}-${thread}` });
  const services = {
    'log-writer': threadOfRole(crew, 'log'),
    persister: threadOfRole(crew, 'persister'),
    records: threadOfRole(crew, 'records'),
    'file-records': threadOfRole(crew, 'records'),
    governance: threadOfRole(crew, 'records'),
    people: threadOfRole(crew, 'records'),
    downloads: threadOfRole(crew, 'records'),
    downloader: threadOfRole(crew, 'files'),
    'presence-mirror': threadOfRole(crew, 'records'),
    'session-index': threadOfRole(crew, 'records'),
    possession: threadOfRole(crew, 'files'),
    'message-reader': threadOfRole(crew, 'records'),
    revocations: threadOfRole(crew, 'records'),
    reading: threadOfRole(crew, 'records'),
    hasher: threadOfRole(crew, 'files'),
    'upload-sweeper': threadOfRole(crew, 'files'),
    searcher: threadOfRole(crew, 'search'),
    indexer: threadOfRole(crew, 'search'),
    transfers: threadOfRole(crew, 'files'),
    thumbnailer: threadOfRole(crew, 'files'),
    moderation: threadOfRole(crew, 'records'),
    hooks: threadOfRole(crew, 'records'),
    'hook-desk': threadOfRole(crew, 'persister'),
  };
  const placement = evenPlacement(crew.shards, services);
  const shard = new Shard({ thread, host: realHost, log: shardLog(log), placement, codec: laneCodec });
  for (const { peer, outgoing, incoming, bell } of links) {
    const ring = (): void => bell.postMessage(0);
    bell.onmessage = shard.wake;
    shard.connect(peer, outgoingRing(new Ring(outgoing), ring), incomingRing(new Ring(incoming), ring));
  }
  const environment: RoleEnvironment = { shard, crew, config, log, progress, fail };
  const startRole = await ROLES[role]();
  const runningRole = await startRole(environment);
  shard.register(
    inspectorKind,
    inspector(shard, {
      sockets: () => runningRole.sockets?.() ?? 0,
      backEnds: () => runningRole.backEnds?.() ?? [],
      samples: () => runningRole.samples?.() ?? [],
    }),
  );
  return { shard, role: runningRole, log };
}

type StartRole = (environment: RoleEnvironment) => RunningRole | Promise<RunningRole>;

/** A thread loads what its role needs: shards hold no drivers. */
const ROLES: Readonly<Record<ThreadRole, () => Promise<StartRole>>> = {
  shard: async () => (await import('./roles/shard.ts')).startShardRole,
  log: async () => (await import('./roles/log.ts')).startLogRole,
  persister: async () => (await import('./roles/persister.ts')).startPersisterRole,
  records: async () => (await import('./roles/records.ts')).startRecordsRole,
  files: async () => (await import('./roles/files.ts')).startFilesRole,
  search: async () => (await import('./roles/search.ts')).startSearchRole,
};

function shardLog(log: Logger): { warn: Logger['warn']; error: Logger['error'] } {
  return { warn: (text, fields) => log.warn(text, fields), error: (text, fields) => log.error(text, fields) };
}

function fail(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  running?.log.error('the thread failed', { error: text });
  running?.role.abandon?.();
  say({ type: 'failed', error: text });
}

function say(message: FromThread): void {
  self.postMessage(message);
}
