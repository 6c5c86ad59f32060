/** The files thread: what is done with whole files off the shards, on the object store and the job queues. */
import { thumbnailer, thumbnailerKind } from '../../actors/files/thumbnailer.ts';
import { Circuits } from '../storage/circuits.ts';
import { urlSecret } from '../storage/content-source.ts';
import { openObjects } from '../storage/objects.ts';
import { openQueues } from '../storage/queues.ts';
import { openStaging } from '../storage/staging.ts';
import { openThumbnails } from '../storage/thumbnails.ts';
import { startDownloads } from './files-downloads.ts';
import { startKeeping } from './files-keeping.ts';
import { startTransfers } from './files-transfer.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';
import { startUploadServices } from './upload-services.ts';

export async function startFilesRole(environment: RoleEnvironment): Promise<RunningRole> {
  // Before the threads that sign with it.
  urlSecret(environment.config.dataDir);
  const circuits = new Circuits(environment);
  const objects = await openObjects(environment, circuits);
  const queues = openQueues(environment, 'files');
  const staging = openStaging(environment);
  await staging.ping();
  const transfers = startTransfers(environment, { objects, queues, staging });
  const uploads = startUploadServices(environment, staging);
  const downloads = startDownloads(environment, { queues, staging });
  const thumbnails = await openThumbnails(environment, { staging, objects });
  environment.shard.register(thumbnailerKind, thumbnailer(thumbnails));
  const keeping = startKeeping(environment, { objects, staging });
  return {
    listen() {
      uploads.begin();
      downloads.begin();
    },
    drain: () => downloads.drain(),
    backEnds: () => [...circuits.reports(), ...queues.backEnds()],
    samples: () => [...transfers.samples(), ...downloads.samples(), ...keeping.samples()],
    end: async () => {
      await thumbnails.close();
      await keeping.close();
      await transfers.close();
      await queues.close();
      await objects.close();
    },
  };
}
