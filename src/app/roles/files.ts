/** The files thread: what is done with whole files off the shards, on the object store and the job queues. */
import { S3Objects } from '../../storage/s3/s3-objects.ts';
import { Circuits } from '../storage/circuits.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export function startFilesRole(environment: RoleEnvironment): RunningRole {
  const circuits = new Circuits(environment);
  const { s3 } = environment.config.storage;
  const objects = s3 === undefined ? undefined : new S3Objects(s3);
  if (objects !== undefined) circuits.add('objects', { probe: () => objects.ping() });
  return {
    backEnds: () => circuits.reports(),
    end: async () => {
      await objects?.close();
    },
  };
}
