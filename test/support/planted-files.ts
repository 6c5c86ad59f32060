/** Files of users without an upload: bytes in a running engine's staging, and the rows that an upload would have ended in. */
import { createHash, randomBytes } from 'node:crypto';
import { nodeId } from '../../src/app/storage/node-id.ts';
import { dataDirPaths } from '../../src/storage/embedded/data-dir.ts';
import { SqliteFileRecords } from '../../src/storage/embedded/files/sqlite-file-records.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { FileStaging } from '../../src/storage/embedded/staging/file-staging.ts';
import { stagingAddress } from '../../src/storage/ports/file-address.ts';
import type { FileRecords } from '../../src/storage/ports/file-records.ts';

export interface PlantedFile {
  readonly id: string;
  readonly hash: string;
  readonly bytes: Uint8Array;
}

const newId = (): string => randomBytes(15).toString('hex');

/** Looks into, or writes, the file records of an engine on embedded storage, beside it. */
export async function withFileRecords<T>(dataDir: string, work: (files: FileRecords) => T | Promise<T>): Promise<T> {
  const records = new SqliteRecords(dataDirPaths(dataDir).records, { lockWaitMs: 30_000 });
  try {
    return await work(new SqliteFileRecords(records.database));
  } finally {
    records.close();
  }
}

export async function plantFile(
  dataDir: string,
  user: string,
  name: string,
  bytes: Uint8Array = randomBytes(1_000),
  type = 'application/octet-stream',
): Promise<PlantedFile> {
  const staging = new FileStaging(dataDirPaths(dataDir).staging);
  const id = newId();
  const hash = createHash('sha256').update(bytes).digest('hex');
  await staging.create(id, [], true);
  const writer = await staging.writer(id);
  await writer.write([bytes], 0);
  await writer.sync();
  await writer.close();
  await staging.keep(id, bytes.length);
  const finished = await withFileRecords(dataDir, (files) =>
    files.finish({
      user,
      uploadId: null,
      fileId: newId(),
      userFileId: newId(),
      hash,
      size: bytes.length,
      name,
      type,
      address: stagingAddress(nodeId(dataDir), id),
      at: Date.now(),
    }),
  );
  if (finished === null) throw new Error('without a quota every file fits');
  return { id: finished.file.id, hash, bytes };
}
