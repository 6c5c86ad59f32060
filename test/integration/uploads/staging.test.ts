import { expect, test } from 'bun:test';
import { appendFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileStaging } from '../../../src/storage/embedded/staging/file-staging.ts';
import { StorageFault } from '../../../src/storage/ports/faults.ts';
import type { UploadCreated } from '../../../src/storage/ports/upload-journal.ts';
import { replayJournal } from '../../../src/storage/ports/upload-journal.ts';
import { tempDir } from '../../contract/temp-dir.ts';

const CREATED: UploadCreated = {
  type: 'created',
  id: 'u1',
  user: 'ann',
  at: 1,
  expiresAt: 100,
  length: 10,
  name: 'häppchen\n.txt',
  metadata: null,
  concat: null,
  parts: null,
  sha256: null,
  hashes: [],
};

async function written(staging: FileStaging, id: string, text: string, offset = 0): Promise<void> {
  const writer = await staging.writer(id);
  await writer.write([Buffer.from(text.slice(0, 3)), Buffer.alloc(0), Buffer.from(text.slice(3))], offset);
  await writer.sync();
  await writer.close();
}

async function all<T>(things: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const thing of things) found.push(thing);
  return found;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'none',
    (error: unknown) => (error instanceof StorageFault ? error.code : String(error)),
  );
}

test('[UPL2] what a journal says is what was appended to it, in order, for every instance on the directory', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  await staging.create('u1', [CREATED], true);
  await staging.append('u1', { type: 'received', offset: 4, crc32: 7, expiresAt: 200 }, true);
  await staging.append('u1', { type: 'ended', reason: 'expired' }, false);
  const entries = await new FileStaging(dir.path).journal('u1');
  expect(replayJournal(entries ?? [])).toEqual({
    created: CREATED,
    length: 10,
    offset: 4,
    crc32: 7,
    expiresAt: 200,
    verified: null,
    file: null,
    used: false,
    ended: 'expired',
  });
  expect(await staging.journal('u2')).toBeNull();
  expect(await codeOf(staging.create('u1', [CREATED], true))).toBe('refused');
  expect((await all(staging.uploads())).map(({ id }) => id)).toEqual(['u1']);
});

test('[UPL3] an entry that was cut off at any byte, or changed, is not believed, and new entries follow the last whole one', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  await staging.create('u1', [CREATED], true);
  const path = join(dir.path, 'uploads/u1.journal');
  const whole = readFileSync(path);
  await staging.append('u1', { type: 'received', offset: 4, crc32: 7, expiresAt: 200 }, true);
  const both = readFileSync(path);
  for (let cut = whole.length; cut < both.length; cut++) {
    writeFileSync(path, both.subarray(0, cut));
    expect(await staging.journal('u1')).toEqual([CREATED]);
    await staging.append('u1', { type: 'length', length: 9 }, true);
    expect(await staging.journal('u1')).toEqual([CREATED, { type: 'length', length: 9 }]);
  }
  const turned = Buffer.from(both);
  turned[whole.length + 12] = (turned[whole.length + 12] as number) ^ 1;
  writeFileSync(path, turned);
  expect(await staging.journal('u1')).toEqual([CREATED]);
  appendFileSync(path, 'rubbish');
  expect(await staging.journal('u1')).toEqual([CREATED]);
});

test('[UPL4] an upload becomes a content of exactly its length in one step, as often as it is asked', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  await staging.create('u1', [CREATED], true);
  await written(staging, 'u1', '0123456789 and rubbish');
  const early = await staging.reader('u1');
  expect(existsSync(staging.pathOf('u1'))).toBe(false);
  await staging.keep('u1', 10);
  await staging.keep('u1', 10);
  expect(readFileSync(staging.pathOf('u1'), 'latin1')).toBe('0123456789');
  const buffer = Buffer.alloc(20);
  expect(await early.read(buffer, 5)).toBe(5);
  expect(buffer.toString('latin1', 0, 5)).toBe('56789');
  await early.close();
  expect(await codeOf(staging.keep('u1', 11))).toBe('refused');
  await staging.discard('u1');
  expect(await staging.journal('u1')).toBeNull();
  expect((await all(staging.contents())).map(({ id, size }) => [id, size])).toEqual([['u1', 10]]);
  await staging.free('u1');
  await staging.free('u1');
  expect(await all(staging.contents())).toEqual([]);
});

test('[UPL4] an upload that lacks bytes does not become a content', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  await staging.create('u1', [CREATED], true);
  await written(staging, 'u1', '012345678');
  expect(await codeOf(staging.keep('u1', 10))).toBe('refused');
  expect(await codeOf(staging.keep('u2', 0))).toBe('refused');
  expect(await all(staging.contents())).toEqual([]);
});

test('[UPL5] bytes that lost their journal go when they are old, and others stay', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  await staging.create('u1', [CREATED], true);
  for (const id of ['u1', 'u2', 'u3']) await written(staging, id, 'bytes');
  const old = new Date(1_000);
  for (const id of ['u1', 'u2']) utimesSync(join(dir.path, `uploads/${id}.bytes`), old, old);
  expect(await staging.sweep(2_000)).toBe(1);
  expect(['u1', 'u2', 'u3'].map((id) => existsSync(join(dir.path, `uploads/${id}.bytes`)))).toEqual([
    true,
    false,
    true,
  ]);
});

test('[UPL1] no id leads out of the directory', async () => {
  using dir = tempDir();
  const staging = new FileStaging(dir.path);
  for (const id of ['..', '../x', 'a/b', '', 'a.b', 'x'.repeat(65)]) {
    expect(() => staging.pathOf(id)).toThrow(StorageFault);
    expect(await codeOf(staging.journal(id))).toBe('refused');
    expect(await codeOf(staging.writer(id))).toBe('refused');
    expect(await codeOf(staging.free(id))).toBe('refused');
  }
});
