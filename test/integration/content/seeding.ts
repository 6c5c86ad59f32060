/** Contents as uploads leave them, put beside a running engine on embedded records. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirPaths } from '../../../src/storage/embedded/data-dir.ts';
import { SqliteFileRecords } from '../../../src/storage/embedded/files/sqlite-file-records.ts';
import { SqliteRecords } from '../../../src/storage/embedded/records/sqlite-records.ts';
import { stagingAddress } from '../../../src/storage/ports/file-address.ts';
import type { ContentRecord } from '../../../src/storage/ports/file-records.ts';
import { sha256Of } from '../../contract/objects-samples.ts';

export interface Seeded {
  /** The user's file. */
  readonly file: string;
  /** Of the staged content. */
  readonly staged: string;
  readonly hash: string;
  readonly content: ContentRecord;
}

export interface Seed {
  readonly user: string;
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly type: string;
  /** The node that the bytes are said to be on; this one unless given. */
  readonly node?: string;
}

let count = 0;

/** Stages bytes and records them, as the last steps of an upload do. */
export async function seed(dataDir: string, { user, bytes, name, type, node }: Seed): Promise<Seeded> {
  const paths = dataDirPaths(dataDir);
  count += 1;
  const staged = `staged-${count}`;
  mkdirSync(join(paths.staging, 'contents'), { recursive: true });
  writeFileSync(join(paths.staging, 'contents', staged), bytes);
  const hash = sha256Of(bytes);
  const address = stagingAddress(node ?? readFileSync(paths.node, 'utf8').trim(), staged);
  return await withFileRecords(dataDir, (records) => {
    const finished = records.finish({
      user,
      uploadId: null,
      fileId: `content-${count}-${hash.slice(0, 8)}`,
      userFileId: `file-${count}-${hash.slice(0, 8)}`,
      hash,
      size: bytes.length,
      name,
      type,
      address,
      at: Date.now(),
    });
    if (finished === null) throw new Error('the quota is passed');
    return { file: finished.file.id, staged, hash, content: finished.content };
  });
}

/** Makes a user whom no engine knows of yet. */
export async function seedUser(dataDir: string, id: string): Promise<void> {
  const records = new SqliteRecords(dataDirPaths(dataDir).records);
  records.createUser({ id, username: id, passwordHash: 'none', createdAt: Date.now() });
  await records.close();
}

export async function withFileRecords<T>(
  dataDir: string,
  then: (records: SqliteFileRecords) => T | Promise<T>,
): Promise<T> {
  const records = new SqliteRecords(dataDirPaths(dataDir).records);
  try {
    return await then(new SqliteFileRecords(records.database));
  } finally {
    await records.close();
  }
}
