/** The data directory: one process owns it, and only its user can look into it. */
import { join, resolve } from 'node:path';
import { createPrivateDirectory } from './database.ts';
import { acquireLock } from './exclusive-lock.ts';
import { guarded } from './faults.ts';

export interface DataDir {
  readonly path: string;
  /** Directory of the message log. */
  readonly log: string;
  readonly messages: string;
  readonly records: string;
  readonly deadLetters: string;
  readonly search: string;
  /** Bytes of uploads until they are in the object store. */
  readonly staging: string;
  readonly objects: string;
  /** Notes on what is moved from staging to the object store. */
  readonly transfers: string;
  /** Directory of the embedded job queues, with a directory for each thread that has some. */
  readonly jobs: string;
  /** Small pictures, all of which can be made again. */
  readonly thumbnails: string;
  /** File with the id under which back ends know this directory's owner. */
  readonly node: string;
  /** File with the secret that signs addresses of contents. */
  readonly urlSecret: string;
  /** Lets another process have the directory. Call it after everything in it is closed. */
  release(): void;
}

/** Creates the directory if needed and locks it. Throws a `StorageFault` that names it if another process has it. */
export function lockDataDir(path: string): DataDir {
  const root = resolve(path);
  guarded(`create the data directory ${root}`, () => createPrivateDirectory(root));
  const lock = acquireLock(join(root, 'lock.db'), `the data directory ${root} is in use by another process`);
  return { ...dataDirPaths(root), release: () => lock.release() };
}

/** Where things lie in a data directory. Threads that do not own the lock use this. */
export function dataDirPaths(path: string): Omit<DataDir, 'release'> {
  const root = resolve(path);
  return {
    path: root,
    log: join(root, 'log'),
    messages: join(root, 'messages.db'),
    records: join(root, 'records.db'),
    deadLetters: join(root, 'dead-letters.db'),
    search: join(root, 'search.db'),
    staging: join(root, 'staging'),
    objects: join(root, 'objects'),
    transfers: join(root, 'transfers'),
    jobs: join(root, 'jobs'),
    thumbnails: join(root, 'thumbnails'),
    node: join(root, 'node.id'),
    urlSecret: join(root, 'url.key'),
  };
}
