/** Large uploads and many at once, in bounded memory. MAILROOM_TEST_FULL=1 takes 10 GiB. */
import { expect, test } from 'bun:test';
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '../../contract/temp-dir.ts';
import { startServer } from '../../support/server.ts';
import { OFFSET_STREAM, sampleBytes, sha256, type Uploader, uploaderOn } from './uploader.ts';

const MIB = 1024 * 1024;
const isFull = process.env.MAILROOM_TEST_FULL === '1';
const LARGE_BYTES = isFull ? 10 * 1024 * MIB : 1.5 * 1024 * MIB;
/** Far below the size of either; what two shards, their pools and their compilers take is in it. */
const MAX_GROWTH_KB = 256 * 1024;
const LOOK_EVERY_MS = 50;
const TEST_MS = 590_000;

function residentKb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes);
}

/** The largest of what was resident while the work went on, in kB. */
async function peakOf(pid: number, work: () => Promise<void>): Promise<number> {
  let peak = residentKb(pid);
  const looking = setInterval(() => {
    peak = Math.max(peak, residentKb(pid));
  }, LOOK_EVERY_MS);
  try {
    await work();
  } finally {
    clearInterval(looking);
  }
  return Math.max(peak, residentKb(pid));
}

test(
  `[UPL15] an upload of ${LARGE_BYTES / MIB} MiB in one request takes constant memory`,
  async () => {
    await using server = await startServer({ env: { MAILROOM_QUOTA: '100GiB' } });
    const ann = await uploaderOn(server, 'ann');
    const path = await ann.create(LARGE_BYTES);
    using dir = tempDir();
    const source = sparseFile(join(dir.path, 'source.bin'), LARGE_BYTES);
    const before = residentKb(server.pid);
    let file = '';
    const peak = await peakOf(server.pid, async () => {
      const response = await ann.tus(
        'PATCH',
        path,
        { 'Content-Type': OFFSET_STREAM, 'Upload-Offset': '0' },
        source.file,
      );
      expect(response.status).toBe(204);
      expect(response.headers.get('upload-offset')).toBe(String(LARGE_BYTES));
      file = response.headers.get('mailroom-file') ?? '';
    });
    console.log(
      `${LARGE_BYTES / MIB} MiB: ${Math.round(before / 1024)} MiB before, ${Math.round(peak / 1024)} at most`,
    );
    expect(peak - before).toBeLessThan(MAX_GROWTH_KB);
    const described = (await (await ann.send('GET', `/v1/files/${file}`)).json()) as Described;
    expect({ sha256: described.file.sha256, size: described.file.size }).toEqual({
      sha256: source.sha256,
      size: LARGE_BYTES,
    });
  },
  TEST_MS,
);

interface Described {
  readonly file: { readonly sha256: string; readonly size: number };
}

/** Holes, with a few bytes of their own in each part, so that none may be missing, or come twice. */
function sparseFile(path: string, bytes: number): { readonly file: Blob; readonly sha256: string } {
  const block = Buffer.alloc(64 * MIB);
  const hash = new Bun.CryptoHasher('sha256');
  const descriptor = openSync(path, 'w');
  ftruncateSync(descriptor, bytes);
  for (let at = 0; at < bytes; at += block.length) {
    block.writeDoubleBE(at + 1, 0);
    writeSync(descriptor, block, 0, 8, at);
    hash.update(block.subarray(0, Math.min(block.length, bytes - at)));
  }
  closeSync(descriptor);
  return { file: Bun.file(path), sha256: hash.digest('hex') };
}

const AT_ONCE = 200;
const EACH_BYTES = MIB / 4;
const PIECE_BYTES = 32 * 1024;

test(
  `[UPL16] ${AT_ONCE} uploads whose bytes come slowly and in turn take bounded memory, and each becomes its file`,
  async () => {
    await using server = await startServer();
    const ann = await uploaderOn(server, 'ann');
    const sources = Array.from({ length: AT_ONCE }, (_, nth) => sampleBytes(EACH_BYTES, nth + 1));
    const paths: string[] = [];
    for (const source of sources) paths.push(await ann.create(source.length));
    const before = residentKb(server.pid);
    let files: readonly string[] = [];
    const peak = await peakOf(server.pid, async () => {
      files = await inTurn(ann, paths, sources);
    });
    console.log(`${AT_ONCE} at once: ${Math.round(before / 1024)} MiB before, ${Math.round(peak / 1024)} at most`);
    expect(peak - before).toBeLessThan(2 * MAX_GROWTH_KB);
    for (const [nth, file] of files.entries()) {
      expect(sha256(await ann.content(file))).toBe(sha256(sources[nth] as Buffer));
    }
  },
  TEST_MS,
);

/** All are under way before any ends: each gets its next piece when all others have got theirs. */
async function inTurn(ann: Uploader, paths: readonly string[], sources: readonly Buffer[]): Promise<readonly string[]> {
  const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
  const requests = paths.map((path) => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void controllers.push(controller) });
    return ann.patch(path, 0, body);
  });
  for (let at = 0; at < EACH_BYTES; at += PIECE_BYTES) {
    for (const [nth, controller] of controllers.entries()) {
      controller.enqueue(Uint8Array.from((sources[nth] as Buffer).subarray(at, at + PIECE_BYTES)));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const controller of controllers) controller.close();
  const responses = await Promise.all(requests);
  for (const response of responses) expect(response.status).toBe(204);
  return responses.map((response) => response.headers.get('mailroom-file') ?? '');
}
