/** The id under which back ends know the owner of a data directory. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { nanoid } from 'nanoid';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';

/** Made once for each data directory, by the log's thread, which starts first; the process holds the directory's lock. */
export function nodeId(dataDir: string): string {
  const { node } = dataDirPaths(dataDir);
  if (!existsSync(node)) writeFileSync(node, `${nanoid()}\n`, { mode: 0o600, flush: true });
  return readFileSync(node, 'utf8').trim();
}
