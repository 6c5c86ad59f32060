/** What is particular to objects in files: crashes, the order of syncs, what lies on disk. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileObjects } from '../../src/storage/embedded/objects/file-objects.ts';
import { TEST_MS } from '../support/wait.ts';
import { faultFrom, faultOf } from './fault-of.ts';
import { readAll, sampleBytes, sourceOf } from './objects-samples.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

const CHILD = join(import.meta.dir, 'objects-child.ts');
const STRACE = Bun.which('strace');
// Where the suite must be complete, a missing tool is a failure and not a skipped test.
const SKIP = STRACE === null && process.env.CI !== 'true';
if (SKIP) console.log('skipped: objects-files needs strace (apt-get install strace)');

test('[OBJ22] what was acknowledged before a kill is there whole after it, and nothing else can be read', async () => {
  using dir = tempDir();
  let known: string[] = [];
  for (const kills of [1, 9, 25]) {
    const acknowledged = await killedAfter(dir.path, kills);
    known = [...new Set([...known, ...acknowledged])];
    const store = new FileObjects(join(dir.path, 'objects'));
    const { objects } = await store.list({ prefix: '', limit: 1_000 });
    const listed = objects.map((object) => object.key);
    expect(known.filter((key) => !listed.includes(key))).toEqual([]);
    // A read of the whole compares it with its checksum.
    for (const key of listed) expect((await readAll((await store.get(key))!.stream)).length).toBeGreaterThan(100_000);
    for (const put of await store.unfinished(Number.MAX_SAFE_INTEGER, 1_000)) await store.abandon(put);
    expect(readdirSync(join(dir.path, 'objects/drafts'))).toEqual([]);
  }
});

/** Kills the child after so many acknowledged objects; their keys. */
async function killedAfter(directory: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, 'endless', directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.split('\n').length > count) child.kill('SIGKILL');
  }
  const [, signal] = await closed;
  expect(signal).toBe('SIGKILL');
  const lines = output.split('\n').slice(0, -1);
  return lines.map((line) => line.split(' ')[1] ?? '');
}

describe.skipIf(SKIP)('objects under strace', () => {
  test('[OBJ23] the content is synced, then it gets its name, then every directory on the way is synced', () => {
    using dir = tempDir();
    const trace = join(dir.path, 'trace');
    const filter = 'trace=fdatasync,fsync,write,link,linkat,mkdir,mkdirat,unlink,unlinkat';
    const command = ['-f', '-y', '-e', filter, '-o', trace, process.execPath, CHILD, 'traced', dir.path];
    const { status, stderr } = spawnSync(STRACE ?? 'strace', command, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const lines = readFileSync(trace, 'utf8').split('\n');
    const begin = lines.findIndex((line) => line.includes('/marks>, "begin"'));
    const end = lines.findIndex((line) => line.includes('/marks>, "end"'));
    const happened = lines.slice(begin + 1, end).flatMap((line) => {
      if (/ fsync\(\d+<.*\/drafts\//.test(line)) return ['sync of the draft'];
      if (/ link(at)?\(.*traced@"/.test(line)) return ['link'];
      const [, synced] = / fsync\(\d+<.*\/objects\/(content[^>]*)>/.exec(line) ?? [];
      if (synced !== undefined) return [`sync of ${synced}`];
      return / unlink(at)?\(.*\/drafts\//.test(line) ? ['draft removed'] : [];
    });
    expect(happened).toEqual([
      'sync of the draft',
      'sync of content/o',
      'sync of content',
      'link',
      'sync of content/o/aa',
      'draft removed',
    ]);
  });
});

test('[DATA2] objects, drafts and their directories are readable by their user alone', async () => {
  using dir = tempDir();
  const root = join(dir.path, 'objects');
  const store = new FileObjects(root);
  await store.put('o/aa/private', sourceOf(sampleBytes(100)));
  const modes = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => {
    const stat = lstatSync(join(root, name));
    return stat.isDirectory() ? stat.mode & 0o777 : (stat.mode & 0o777) | 0o1000;
  });
  expect(new Set(modes)).toEqual(new Set([0o700, 0o1600]));
});

test('[OBJ8] a file that was cut off or never was an object is corrupt, and said so by its key', async () => {
  using dir = tempDir();
  const store = new FileObjects(join(dir.path, 'objects'));
  const path = (key: string) => join(dir.path, 'objects/content', `${key}@`);
  await store.put('cut', sourceOf(sampleBytes(1_000)));
  truncateSync(path('cut'), 900);
  writeFileSync(path('foreign'), 'hello');
  writeFileSync(path('long'), Buffer.alloc(500));
  for (const key of ['cut', 'foreign', 'long']) {
    for (const ask of [() => store.get(key), () => store.head(key), () => store.put(key, sourceOf(sampleBytes(10)))]) {
      const fault = await faultFrom(ask);
      expect(fault.code).toBe('corrupt');
      expect(fault.message).toContain(key);
    }
  }
});

test('[OBJ12] abandoning means drafts and no other file', async () => {
  using dir = tempDir();
  const store = new FileObjects(join(dir.path, 'objects'));
  await store.put('kept', sourceOf(sampleBytes(10)));
  const startedAt = 0;
  for (const id of ['../content/kept@', 'kept', '', '1,0123456789abcdef,other', `1,${'0'.repeat(16)},../kept`]) {
    expect(await faultOf(() => store.abandon({ key: 'kept', id, startedAt }))).toBe('refused');
  }
  expect(await store.head('kept')).toMatchObject({ size: 10 });
});

test('[OBJ10] a place that is gone is unavailable', async () => {
  using dir = tempDir();
  const store = new FileObjects(join(dir.path, 'objects'));
  dir[Symbol.dispose]();
  expect(await faultOf(() => store.ping())).toBe('unavailable');
  expect(await faultOf(() => store.put('a', sourceOf(sampleBytes(10))))).toBe('unavailable');
});
