/** What downloads for users, wired up: queue, records, uploads that it writes to, and those who are told. */
import { networkInterfaces } from 'node:os';
import { downloader, downloaderKind } from '../../actors/files/downloader.ts';
import { downloadsKind } from '../../actors/storage/downloads.ts';
import { fileRecordsKind } from '../../actors/storage/file-records.ts';
import { Writers, writersDesk, writersKind } from '../../actors/upload/writers.ts';
import { userKind } from '../../actors/user/messages.ts';
import { DOWNLOAD_POLICY, DOWNLOAD_QUEUE, Downloader } from '../../files/download/downloader.ts';
import type { Egress } from '../../files/download/egress.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { DownloadRecord } from '../../storage/ports/downloads.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { askedPort } from '../storage/asked.ts';
import type { OpenQueues } from '../storage/queues.ts';
import { counter } from '../storage/samples.ts';
import type { RoleEnvironment } from './role.ts';
import { uploadDoor } from './upload-door.ts';

export interface RunningDownloads {
  /** The shards can take messages. */
  begin(): void;
  samples(): readonly Sample[];
  /** While the uploads that it writes to can still be asked. */
  drain(): Promise<void>;
}

const LIMITS = { maxRedirects: 5, headersMs: 30_000, silenceMs: 60_000, minBytesPerSecond: 100 };
const DRAIN_MS = 4_000;

export function startDownloads(
  { shard, config, log, fail }: RoleEnvironment,
  { queues, staging }: { readonly queues: OpenQueues; readonly staging: Staging },
): RunningDownloads {
  const { host } = shard;
  const files = askedPort(shard, fileRecordsKind);
  const writers = new Writers();
  shard.register(writersKind, writersDesk(writers));
  const tell = (record: DownloadRecord): void => {
    const frame = encodeNotification('download', noticeOf(record));
    shard.tell(shard.ref(userKind, record.user), { type: 'notify', frame });
  };
  const downloads = new Downloader({
    records: askedPort(shard, downloadsKind),
    door: uploadDoor(shard, writers),
    staging,
    queue: queues.queue(DOWNLOAD_QUEUE, DOWNLOAD_POLICY),
    host,
    newId: () => host.newId(),
    wallMs: () => host.wallMs(),
    monotonicMs: () => host.monotonicMs(),
    reserve: (user, upload, bytes) => files.reserve(user, upload, bytes, config.quotaBytes),
    egress: () => egressOf(config),
    limits: {
      ...LIMITS,
      maxBytes: Math.min(config.downloadMaxSize, config.maxUploadSize),
      maxMs: config.downloadMaxTimeMs,
    },
    maxOpen: config.maxDownloads,
    onChanged: tell,
    onFailed(download, reason, isFinal) {
      log.info(isFinal ? 'a download cannot be done' : 'a download goes on later', { download, reason });
    },
    onDefect: fail,
  });
  shard.register(
    downloaderKind,
    downloader({
      add: (user, url, name) => downloads.add(user, url, name),
      pause: (id) => downloads.pause(id),
      resume: (id) => downloads.resume(id),
      cancel: (id) => downloads.cancel(id),
    }),
  );
  return {
    begin: () => downloads.start(),
    samples: () => [
      counter('mailroom_downloads_total', 'Downloads for users that came to their end.', downloads.counts.done),
      counter('mailroom_downloads_failed_total', 'Downloads that cannot be done.', downloads.counts.failed),
      counter(
        'mailroom_download_retries_total',
        'Tries that failed and are followed by others.',
        downloads.counts.retried,
      ),
    ],
    drain: async () => {
      await Promise.race([downloads.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS))]);
    },
  };
}

/** This machine is not public to those who stand on it, unless the operator names the very address. */
function egressOf({
  downloadAllow: allow,
  downloadDeny,
  downloadPorts: ports,
}: Pick<RoleEnvironment['config'], 'downloadAllow' | 'downloadDeny' | 'downloadPorts'>): Egress {
  const own = Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
  return { allow, deny: [...downloadDeny, ...own.filter((address) => !allow.includes(address))], ports };
}

function noticeOf({ id, state, received, size, file, problem }: DownloadRecord) {
  return {
    id,
    state,
    received,
    ...(size === null ? {} : { size }),
    ...(file === null ? {} : { file }),
    ...(problem === '' ? {} : { problem }),
  };
}
