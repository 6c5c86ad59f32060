/** The object stores under their contract. */

import { setDefaultTimeout } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { FileObjects } from '../../src/storage/embedded/objects/file-objects.ts';
import { S3Objects } from '../../src/storage/s3/s3-objects.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { MemoryObjects } from './memory-objects.ts';
import { objectsContract } from './objects.ts';
import { emptied, s3OptionsOf, uniquePrefix } from './objects-s3.ts';
import { tempDir } from './temp-dir.ts';

// A disk that others use too may take long to sync; nothing here waits for time to pass.
setDefaultTimeout(TEST_MS);

objectsContract('memory', () => {
  const store = new MemoryObjects();
  return {
    open: () => store,
    prefix: '',
    partBytes: 5_000,
    hasSmallUnfinished: true,
    damage: async (key) => store.damage(key),
    [Symbol.asyncDispose]: async () => undefined,
  };
});

objectsContract('embedded', () => {
  const dir = tempDir();
  return {
    open: () => new FileObjects(join(dir.path, 'objects')),
    prefix: '',
    partBytes: 256 * 1024,
    hasSmallUnfinished: true,
    damage: async (key) => {
      const path = join(dir.path, 'objects/content', `${key}@`);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, bytes);
    },
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});

describeWith(['ceph'], 'the gateway of Ceph', (variables) => {
  const options = s3OptionsOf(variables);
  objectsContract('S3', () => {
    const prefix = uniquePrefix();
    return {
      open: () => new S3Objects(options),
      prefix,
      partBytes: options.partBytes,
      hasSmallUnfinished: false,
      damage: (key) => overwrite(options, key),
      [Symbol.asyncDispose]: () => emptied(options, prefix),
    };
  });
});

/** Puts other bytes of the same size and with the same metadata in the place of an object. */
async function overwrite(options: ReturnType<typeof s3OptionsOf>, key: string): Promise<void> {
  const client = new S3Client({
    endpoint: options.url,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const place = { Bucket: options.bucket, Key: key };
  const there = await client.send(new GetObjectCommand(place));
  const bytes = (await there.Body?.transformToByteArray()) ?? new Uint8Array(0);
  bytes[bytes.length >> 1]! ^= 1;
  await client.send(new PutObjectCommand({ ...place, Body: bytes, Metadata: there.Metadata ?? {} }));
  client.destroy();
}
