/**
 * A process that stores objects, for tests that kill it or trace it.
 *
 *     bun objects-child.ts MODE DIRECTORY
 */
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FileObjects } from '../../src/storage/embedded/objects/file-objects.ts';
import { objectKey } from '../../src/storage/ports/objects.ts';
import { sampleBytes, sha256Of, sourceOf } from './objects-samples.ts';

const [mode, directory = ''] = process.argv.slice(2);
const store = new FileObjects(join(directory, 'objects'));

if (mode === 'endless') {
  for (let number = 1; ; number += 1) {
    const bytes = sampleBytes(100_000 + number, number);
    const key = objectKey(sha256Of(bytes), String(number));
    await store.put(key, sourceOf(bytes, 4_000));
    writeSync(1, `${number} ${key}\n`);
  }
} else if (mode === 'traced') {
  const marks = openSync(join(directory, 'marks'), 'w');
  writeSync(marks, 'begin');
  await store.put('o/aa/traced', sourceOf(sampleBytes(10_000)));
  writeSync(marks, 'end');
  closeSync(marks);
} else if (mode === 'put-file') {
  const { options, key, source } = JSON.parse(readFileSync(join(directory, 'settings.json'), 'utf8'));
  const { S3Objects } = await import('../../src/storage/s3/s3-objects.ts');
  const path = join(directory, 'journal');
  const s3 = new S3Objects(options);
  const outcome = await s3.putFile(key, source, {
    read: async () => (existsSync(path) ? readFileSync(path, 'utf8') : null),
    write: async (text) => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    },
    clear: async () => rmSync(path, { force: true }),
  });
  await s3.close();
  writeSync(1, `${outcome}\n`);
} else {
  throw new Error(`no such mode: ${mode}`);
}
