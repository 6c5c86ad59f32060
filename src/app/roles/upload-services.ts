/** What uploads need of the files thread: hashes, and somebody who wakes them when something is due. */
import { hasher } from '../../actors/hasher/hasher.ts';
import { hasherKind } from '../../actors/hasher/messages.ts';
import { uploadSweeper, uploadSweeperKind } from '../../actors/upload/sweeper.ts';
import { HashDesk } from '../../files/hashing/hash-desk.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { RoleEnvironment } from './role.ts';

const MAX_FOLLOWED = 1_024;
/** While one pass hashes, another one's bytes are read. */
const MAX_PASSES = 3;
const SWEEP_EVERY_MS = 10 * 60_000;

export interface UploadServices {
  /** The shards can take messages. */
  begin(): void;
}

export function startUploadServices({ shard, config, log }: RoleEnvironment, staging: Staging): UploadServices {
  const desk = new HashDesk({
    staging,
    maxFollowed: MAX_FOLLOWED,
    maxPasses: MAX_PASSES,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    onFault: (upload, error) => log.warn('an upload cannot be hashed yet', { upload, error }),
  });
  shard.register(hasherKind, hasher(desk));
  shard.register(
    uploadSweeperKind,
    uploadSweeper({
      staging,
      everyMs: Math.min(SWEEP_EVERY_MS, config.uploadTtlMs),
      orphanMs: config.uploadTtlMs,
      onFault: (message) => log.warn('uploads cannot be swept', { fault: message }),
    }),
  );
  return { begin: () => void shard.tell(shard.ref(uploadSweeperKind, 'all'), { type: 'begin' }) };
}
