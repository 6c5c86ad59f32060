/** The object store: in S3 where its address is set, else below the data directory. */
import type { BackEnd } from '../../actors/back-end/back-end.ts';
import { behind } from '../../actors/back-end/behind.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { FileObjects } from '../../storage/embedded/objects/file-objects.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import type { S3Settings } from './settings.ts';

/** Opening a read, a look, a page: a gateway that is busy with transfers may take seconds for it. */
const DEADLINE_MS = 15_000;

/** Several threads may each have one. Whoever opens it closes it. */
export async function openObjects({ config }: RoleEnvironment, circuits: Circuits): Promise<ObjectStore> {
  const { s3 } = config.storage;
  if (s3 === undefined) return new FileObjects(dataDirPaths(config.dataDir).objects);
  const driver = await connectS3(s3);
  const backEnd = circuits.add('objects', { probe: () => driver.ping(), deadlineMs: DEADLINE_MS });
  return guardedObjects(backEnd, driver);
}

/** The client is large: a thread loads it where there is a bucket to talk to. */
async function connectS3(settings: S3Settings): Promise<ObjectStore> {
  const { S3Objects } = await import('../../storage/s3/s3-objects.ts');
  return new S3Objects(settings);
}

/** The circuit's deadline is made for short calls: a put passes the circuit once and then has the driver's own ones. */
export function guardedObjects(backEnd: BackEnd, driver: ObjectStore): ObjectStore {
  const short = behind(backEnd, driver);
  return {
    put: async (...args) => {
      await short.ping();
      return await driver.put(...args);
    },
    putFile: async (...args) => {
      await short.ping();
      return await driver.putFile(...args);
    },
    get: async (...args) => {
      let isLate = false;
      const opening = backEnd.call(async () => {
        const body = await driver.get(...args);
        // Nobody is there to read it any more, and it would hold its connection.
        if (isLate) await body?.stream.cancel();
        return body;
      });
      try {
        return await opening;
      } catch (error) {
        isLate = true;
        throw error;
      }
    },
    localPath: (key) => driver.localPath(key),
    head: short.head,
    delete: short.delete,
    list: short.list,
    unfinished: short.unfinished,
    abandon: short.abandon,
    ping: short.ping,
    close: () => driver.close(),
  };
}
