/** What is staged on this node: in the data directory, whatever else is in which back end. */
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { FileStaging } from '../../storage/embedded/staging/file-staging.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { RoleEnvironment } from '../roles/role.ts';

/** Threads open the same directory each for itself. */
export function openStaging({ config }: Pick<RoleEnvironment, 'config'>): Staging {
  return new FileStaging(dataDirPaths(config.dataDir).staging);
}
