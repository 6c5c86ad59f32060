/** The files thread: what is done with whole files off the shards, on the object store and the job queues. */
import { Circuits } from '../storage/circuits.ts';
import { openObjects } from '../storage/objects.ts';
import { openQueues } from '../storage/queues.ts';
import { openStaging } from '../storage/staging.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

export async function startFilesRole(environment: RoleEnvironment): Promise<RunningRole> {
  const circuits = new Circuits(environment);
  const objects = await openObjects(environment, circuits);
  const queues = openQueues(environment, 'files');
  const staging = openStaging(environment);
  await staging.ping();
  return {
    backEnds: () => [...circuits.reports(), ...queues.backEnds()],
    end: async () => {
      await queues.close();
      await objects.close();
    },
  };
}
