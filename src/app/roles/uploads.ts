/** Uploads on a shard's thread: the actors, and what its requests write with. */
import { uploadKind } from '../../actors/upload/messages.ts';
import { upload } from '../../actors/upload/upload.ts';
import { uploader, uploaderKind } from '../../actors/upload/uploader.ts';
import { Writers, writersDesk, writersKind } from '../../actors/upload/writers.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import { threadOfRole } from '../crew.ts';
import { nodeId } from '../storage/node-id.ts';
import { openStaging } from '../storage/staging.ts';
import type { RoleEnvironment } from './role.ts';

export interface Uploads {
  readonly staging: Staging;
  readonly writers: Writers;
}

export function startUploads(environment: RoleEnvironment): Uploads {
  const { shard, crew, config } = environment;
  const staging = openStaging(environment);
  const writers = new Writers();
  shard.register(writersKind, writersDesk(writers));
  shard.register(uploaderKind, uploader(config.maxUploads));
  shard.register(
    uploadKind,
    upload({
      staging,
      node: nodeId(config.dataDir),
      // The files thread writes what it downloads.
      threads: [...Array.from({ length: crew.shards }, (_, thread) => thread), threadOfRole(crew, 'files')],
      ttlMs: config.uploadTtlMs,
      maxSize: config.maxUploadSize,
      waitsForStore: config.finishAt === 'stored',
      quotaBytes: config.quotaBytes,
    }),
  );
  return { staging, writers };
}
