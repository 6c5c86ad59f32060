/** The whole engine: threads, their roles, and the order in which they start and end. */

import { buildWeb } from '../../web/build.ts';
import type { Config } from '../config/schema.ts';
import { type Logger, resolveFormat } from '../log/logger.ts';
import { type DataDir, lockDataDir } from '../storage/embedded/data-dir.ts';
import { type AdminSocket, openAdminSocket } from './admin-socket.ts';
import { choosePort } from './choose-port.ts';
import { type Crew, crewOf, type DownloadSetting, type ThreadConfig, threadOfRole } from './crew.ts';
import { describeStorage, type StorageSettings, storageSettings } from './storage/settings.ts';
import { startWorkers, type Workers } from './workers.ts';

export interface RunningApp {
  /** Address of the web app and the API. */
  readonly url: string;
  /** Drains and ends: sockets get a goodbye, what is under way is finished, storage is closed. */
  stop(): Promise<void>;
}

const DRAIN_SPREAD_MS = 5_000;
const PHASE_DEADLINE_MS = 5_000;
/** In this order: nobody asks those that went before. */
const SHARD_PHASES = [
  ['session', 'upload'],
  ['fanout', 'accounts', 'moderation-desk', 'uploader', 'writers'],
  ['person'],
  ['presence'],
  ['room'],
  ['user', 'revoker', 'ledger', 'watermark'],
] as const;

/** Starts the engine. Rejects with a readable message if it cannot. `onFailure` is called if it cannot go on later. */
export async function startApp(config: Config, log: Logger, onFailure: (reason: string) => void): Promise<RunningApp> {
  const storage = storageSettings(config);
  const dataDir = lockDataDir(config.dataDir);
  try {
    const port = choosePort(config.host, config.port);
    const crew = crewOf(config.threads);
    const workers = startWorkers(crew, await threadConfig(config, port, storage), onFailure);
    await bootInOrder(crew, workers);
    const admin = openAdminSocket(dataDir.path, workers);
    const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    log.info('started', {
      url,
      shards: crew.shards,
      dataDir: dataDir.path,
      storage: describeStorage(storage),
    });
    return { url, stop: () => stopApp(crew, workers, admin, dataDir) };
  } catch (error) {
    dataDir.release();
    throw error;
  }
}

/**
 * The log's thread takes the lease, so that nothing is written before it is known that nobody else writes. Then the
 * persister empties the log, and learns the epoch; the log's writers go on where the store has come to.
 */
async function bootInOrder(crew: Crew, workers: Workers): Promise<void> {
  await workers.boot(['log']);
  const progress = await workers.boot(['persister']);
  if (progress === undefined) throw new Error('the persister reports its progress');
  await workers.boot(['records'], progress);
  await workers.boot(['files'], progress);
  await workers.boot(['search'], progress);
  await workers.ask(threadOfRole(crew, 'log'), { type: 'open', progress }, 'opened');
  await workers.boot(['shard'], progress);
  await workers.ask(threadOfRole(crew, 'persister'), { type: 'listen' }, 'listening');
  await workers.ask(threadOfRole(crew, 'files'), { type: 'listen' }, 'listening');
  await Promise.all(shardsOf(crew).map((thread) => workers.ask(thread, { type: 'listen' }, 'listening')));
}

async function stopApp(crew: Crew, workers: Workers, admin: AdminSocket, dataDir: DataDir): Promise<void> {
  admin.close();
  const shards = shardsOf(crew);
  await Promise.all(
    [...shards, threadOfRole(crew, 'files')].map((thread) =>
      workers.ask(thread, { type: 'drain', spreadMs: DRAIN_SPREAD_MS }, 'drained'),
    ),
  );
  for (const phase of SHARD_PHASES) {
    const message = { type: 'stop-kinds', phases: [phase], deadlineMs: PHASE_DEADLINE_MS } as const;
    await Promise.all(shards.map((thread) => workers.ask(thread, message, 'stopped')));
  }
  for (const role of ['shard', 'search', 'files', 'log', 'persister', 'records'] as const) {
    const threads = crew.roles.flatMap((each, thread) => (each === role ? [thread] : []));
    await Promise.all(threads.map((thread) => workers.ask(thread, { type: 'end' }, 'ended')));
  }
  workers.terminate();
  dataDir.release();
}

function shardsOf(crew: Crew): number[] {
  return crew.roles.flatMap((role, thread) => (role === 'shard' ? [thread] : []));
}

function downloadConfig(config: Config): Pick<ThreadConfig, DownloadSetting> {
  const { maxDownloads, downloadMaxSize, downloadMaxTimeMs, downloadAllow, downloadDeny, downloadPorts } = config;
  return { maxDownloads, downloadMaxSize, downloadMaxTimeMs, downloadAllow, downloadDeny, downloadPorts };
}

async function threadConfig(config: Config, port: number, storage: StorageSettings): Promise<ThreadConfig> {
  const { host, dataDir, allowedOrigins, publicUrl, trustedProxies, rateLimit, tokenTtlMs, loginPolicy } = config;
  return {
    host,
    port,
    dataDir,
    allowedOrigins: publicUrl === undefined ? allowedOrigins : [...allowedOrigins, new URL(publicUrl).origin],
    trustedProxies,
    rateLimit,
    tokenTtlMs,
    loginPolicy,
    editWindowMs: config.editWindowMs,
    recallWindowMs: config.recallWindowMs,
    maxSocketsPerUser: config.maxSocketsPerUser,
    maxUploadSize: config.maxUploadSize,
    maxUploads: config.maxUploads,
    uploadTtlMs: config.uploadTtlMs,
    typingMembers: config.typingMembers,
    search: config.search,
    publicUrl,
    finishAt: config.finishAt,
    stagingGraceMs: config.stagingGraceMs,
    receiptsUpTo: config.receiptsUpTo,
    quotaBytes: config.quotaBytes,
    trashDays: config.trashDays,
    thumbnailCacheBytes: config.thumbnailCacheBytes,
    instantScope: config.instantScope,
    ...downloadConfig(config),
    hooksToPrivate: config.hooksToPrivate,
    maxRoomMembers: config.maxRoomMembers,
    maxRoomsPerUser: config.maxRoomsPerUser,
    logLevel: config.logLevel,
    logFormat: resolveFormat(config.logFormat, process.stderr.isTTY === true),
    webFiles: await buildWeb(),
    storage,
  };
}
