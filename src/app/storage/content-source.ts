/** What a shard reads contents from, and the secret that it signs their addresses with. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { ByteSource } from '../../http/content/bytes.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { nodeId } from './node-id.ts';
import { openObjects } from './objects.ts';
import { openStaging } from './staging.ts';

export interface OpenContentSource extends ByteSource {
  close(): Promise<void>;
}

/** Nothing is opened before the first content is asked for: a shard that serves none holds no driver. */
export function openContentSource(environment: RoleEnvironment, circuits: Circuits): OpenContentSource {
  let objects: Promise<ObjectStore> | undefined;
  const staging = openStaging(environment);
  return {
    node: nodeId(environment.config.dataDir),
    pathOf: (id) => staging.pathOf(id),
    objects: () => {
      objects ??= openObjects(environment, circuits);
      return objects;
    },
    close: async () => {
      await (await objects)?.close();
    },
  };
}

const SECRET_BYTES = 32;

/** Made once for each data directory, by the files thread, which starts before those that sign. */
export function urlSecret(dataDir: string): Uint8Array {
  const { urlSecret: path } = dataDirPaths(dataDir);
  if (!existsSync(path)) {
    // Whole or not at all: half a secret would be a short one.
    writeFileSync(`${path}.new`, randomBytes(SECRET_BYTES), { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path);
}
