/** Thumbnails on the files thread: originals as files of this machine, wherever their bytes are. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type PictureFile, Thumbnails } from '../../files/thumbnails/thumbnails.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { parseAddress } from '../../storage/ports/file-address.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { RoleEnvironment } from '../roles/role.ts';

const WORKERS = 2;
const MAX_WAITING = 256;
const WORKER = { deadlineMs: 20_000, idleMs: 30_000 };

interface PictureSources {
  readonly staging: Staging;
  readonly objects: ObjectStore;
}

export async function openThumbnails({ config }: RoleEnvironment, sources: PictureSources): Promise<Thumbnails> {
  const { thumbnails: directory } = dataDirPaths(config.dataDir);
  let opened = 0;
  return await Thumbnails.open({
    directory,
    maxBytes: config.thumbnailCacheBytes,
    workers: WORKERS,
    worker: WORKER,
    maxWaiting: MAX_WAITING,
    open: (content) => {
      opened += 1;
      return openPicture(content, sources, join(directory, `draft-original-${opened}`));
    },
  });
}

async function openPicture({ address, size }: ContentRecord, { staging, objects }: PictureSources, copy: string) {
  const parsed = parseAddress(address);
  if (parsed.where === 'staging') return inPlace(staging.pathOf(parsed.id));
  const path = objects.localPath(parsed.key);
  if (path !== null) return inPlace(path);
  const body = await objects.get(parsed.key);
  if (body === null) throw new StorageFault('unavailable', 'the original is not in the object store');
  const written = await Bun.write(copy, new Response(body.stream));
  if (written !== size) throw new StorageFault('unavailable', 'the original was not read to its end');
  return { path: copy, release: () => rm(copy, { force: true }) };
}

function inPlace(path: string): PictureFile {
  return { path, release: () => Promise.resolve() };
}
