/**
 * A process that stores objects, for tests that kill it or trace it.
 *
 *     bun objects-child.ts MODE DIRECTORY
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FileObjects } from '../../src/storage/embedded/objects/file-objects.ts';
import { objectKey } from '../../src/storage/ports/objects.ts';
import { sampleBytes, sha256Of, sourceOf } from './objects-samples.ts';

const [mode, directory = ''] = process.argv.slice(2);
const store = new FileObjects(join(directory, 'objects'));

if (mode === 'endless') {
  for (let number = 1; ; number += 1) {
    const bytes = sampleBytes(100_000 + number, number);
    const key = objectKey(sha256Of(bytes), number);
    await store.put(key, sourceOf(bytes, 4_000));
    writeSync(1, `${number} ${key}\n`);
  }
} else if (mode === 'traced') {
  const marks = openSync(join(directory, 'marks'), 'w');
  writeSync(marks, 'begin');
  await store.put('o/aa/traced', sourceOf(sampleBytes(10_000)));
  writeSync(marks, 'end');
  closeSync(marks);
} else {
  throw new Error(`no such mode: ${mode}`);
}
