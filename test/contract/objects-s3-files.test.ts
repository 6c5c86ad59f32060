/** Puts of files to a real gateway: interrupted, damaged, abandoned, killed. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3Objects, type S3Options } from '../../src/storage/s3/s3-objects.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { S3Proxy, type SeenRequest, type Treatment } from './objects-proxy.ts';
import { emptied, PART_BYTES, s3OptionsOf, uniquePrefix } from './objects-s3.ts';
import { fileOf, MemoryJournal, readAll, sampleBytes, sha256Of } from './objects-samples.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

const CHILD = join(import.meta.dir, 'objects-child.ts');

const isPart = ({ method, url }: SeenRequest): boolean => method === 'PUT' && url.includes('partNumber=');
const isEnd = ({ method, url }: SeenRequest): boolean => method === 'POST' && url.includes('uploadId=');
const partOf = ({ url }: SeenRequest): string | undefined => /partNumber=(\d+)/.exec(url)?.[1];

describeWith(['ceph'], 'the S3 driver with files', (variables) => {
  const direct = s3OptionsOf(variables);

  async function scene(treat: (request: SeenRequest) => Treatment, options: Partial<S3Options> = {}) {
    const dir = tempDir();
    const proxy = new S3Proxy(direct.url, treat);
    const prefix = uniquePrefix();
    const store = new S3Objects({ ...direct, url: await proxy.listen(), pauseMs: 1, ...options });
    const bytes = sampleBytes(4 * PART_BYTES + 11);
    return {
      proxy,
      store,
      bytes,
      source: fileOf(join(dir.path, 'content'), bytes),
      journal: new MemoryJournal(),
      key: `${prefix}object`,
      async expectWhole() {
        const straight = new S3Objects(direct);
        const body = await straight.get(`${prefix}object`);
        expect(body!.sha256).toBe(sha256Of(bytes));
        expect(Buffer.compare(await readAll(body!.stream), bytes)).toBe(0);
        expect(
          (await straight.unfinished(Number.MAX_SAFE_INTEGER, 1_000)).filter(({ key }) => key.startsWith(prefix)),
        ).toEqual([]);
        await straight.close();
      },
      [Symbol.asyncDispose]: async () => {
        await store.close();
        await proxy[Symbol.asyncDispose]();
        await emptied(direct, prefix);
        dir[Symbol.dispose]();
      },
    };
  }

  test('[OBJ27] a put that broke off goes on with the parts that the back end lacks', async () => {
    let isAway = true;
    await using at = await scene(
      (request) => (isAway && isPart(request) && partOf(request) === '4' ? 'busy' : 'pass'),
      {
        partsInFlight: 1,
      },
    );
    expect(await faultOf(() => at.store.putFile(at.key, at.source, at.journal))).toBe('unavailable');
    expect(at.journal.text).not.toBeNull();
    expect(at.proxy.seen.filter(isPart).map(partOf)).toEqual(['1', '2', '3', '4', '4', '4']);
    isAway = false;
    const before = at.proxy.seen.length;
    expect(await at.store.putFile(at.key, at.source, at.journal)).toBe('stored');
    expect(at.proxy.seen.slice(before).filter(isPart).map(partOf).sort()).toEqual(['4', '5']);
    expect(at.journal.text).toBeNull();
    await at.expectWhole();
  });

  for (const treatment of ['damage', 'lose'] as const) {
    test(`[OBJ15] a part of a file that meets '${treatment}' on its way is sent again`, async () => {
      let harmed = 0;
      await using at = await scene((request) => (isPart(request) && ++harmed === 2 ? treatment : 'pass'));
      expect(await at.store.putFile(at.key, at.source, at.journal)).toBe('stored');
      expect(at.proxy.seen.filter(isPart)).toHaveLength(6);
      await at.expectWhole();
    });
  }

  test('[OBJ17] a completion of a file without an answer is judged by the object', async () => {
    await using at = await scene((request) => (isEnd(request) ? 'lose' : 'pass'), { attempts: 1 });
    expect(await at.store.putFile(at.key, at.source, at.journal)).toBe('stored');
    await at.expectWhole();
  });

  test('[OBJ28] a put of a file that somebody abandoned begins anew', async () => {
    await using at = await scene((request) => (isPart(request) && partOf(request) === '4' ? 'busy' : 'pass'), {
      partsInFlight: 1,
    });
    expect(await faultOf(() => at.store.putFile(at.key, at.source, at.journal))).toBe('unavailable');
    const straight = new S3Objects(direct);
    const [left] = (await straight.unfinished(Number.MAX_SAFE_INTEGER, 1_000)).filter(({ key }) => key === at.key);
    await straight.abandon(left!);
    expect(await faultOf(() => straight.putFile(at.key, at.source, at.journal))).toBe('unavailable');
    expect(at.journal.text).toBeNull();
    expect(await straight.putFile(at.key, at.source, at.journal)).toBe('stored');
    await straight.close();
    await at.expectWhole();
  });

  test('[OBJ29] a process that is killed at any part is followed by one that goes on', async () => {
    const counted: string[] = [];
    let allowed = 0;
    const held: (() => void)[] = [];
    const treat = (request: SeenRequest): Treatment => {
      if (!isPart(request)) return 'pass';
      counted.push(partOf(request) ?? '');
      if (counted.length <= allowed) return 'pass';
      return new Promise((resolve) => held.push(resolve));
    };
    await using at = await scene(treat);
    const url = `http://127.0.0.1:${at.proxy.port}`;
    using dir = tempDir();
    const settings = join(dir.path, 'settings.json');
    await Bun.write(
      settings,
      JSON.stringify({ options: { ...direct, url, partsInFlight: 1 }, key: at.key, source: at.source }),
    );
    for (let part = 1; part <= 5; part += 1) {
      allowed = counted.length + (part === 1 ? 0 : 1);
      const seen = counted.length;
      const child = spawn(process.execPath, [CHILD, 'put-file', dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'close');
      // The part before is confirmed and noted when the next one comes.
      await at.proxy.came(`parts before kill ${part}`, seen + (part === 1 ? 1 : 2), isPart);
      child.kill('SIGKILL');
      await ended;
    }
    const noted = JSON.parse(readFileSync(join(dir.path, 'journal'), 'utf8')) as { parts: [number, unknown][] };
    expect(noted.parts.map(([number]) => number)).toEqual([1, 2, 3, 4]);
    allowed = Number.MAX_SAFE_INTEGER;
    for (const release of held) release();
    const before = counted.length;
    const child = spawn(process.execPath, [CHILD, 'put-file', dir.path], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    expect(said).toBe('stored\n');
    expect(counted.slice(before)).toEqual(['5']);
    await at.expectWhole();
  });
});
