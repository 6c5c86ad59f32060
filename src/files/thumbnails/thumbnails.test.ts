import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import { PictureRefused, PictureWorker } from './picture-worker.ts';
import { ThumbnailStore } from './thumbnail-store.ts';
import { Thumbnails, type ThumbnailsOptions } from './thumbnails.ts';

setDefaultTimeout(60_000);

const directory = mkdtempSync(join(tmpdir(), 'mailroom-thumbnails-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const WORKER = { deadlineMs: 30_000, idleMs: 60_000 };
const SMALL = { size: 'small', format: 'webp' } as const;

let made = 0;
function path(bytes: Uint8Array | string): string {
  const name = join(directory, `original-${made++}`);
  writeFileSync(name, bytes);
  return name;
}

function content(type: string, hash = made.toString(16).padStart(64, '0')): ContentRecord {
  const at = { createdAt: 1, updatedAt: 1 };
  return {
    id: 'c',
    hash,
    size: 1_000,
    type,
    address: 'staging:n:c',
    generation: '1',
    status: 'staged',
    ...at,
    hashes: {},
  };
}

/** 400 × 200 pixels as a camera stores them that was held upright, with a place in it. */
async function photograph(): Promise<Uint8Array> {
  return await sharp({ create: { width: 400, height: 200, channels: 3, background: '#123456' } })
    .withExif({ IFD0: { Copyright: 'somebody' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 0/1' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

/** A valid PNG of one bit a pixel, written by hand: encoding a large one takes long. */
function blackSquare(edge: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const check = Buffer.alloc(4);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(edge, 0);
  header.writeUInt32BE(edge, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(edge / 8)) * edge));
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const chunks = [chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', new Uint8Array())];
  return new Uint8Array(Buffer.concat([signature, ...chunks]));
}

async function thumbnails(original: string, options: Partial<ThumbnailsOptions> = {}): Promise<Thumbnails> {
  return await Thumbnails.open({
    directory: mkdtempSync(join(directory, 'kept-')),
    maxBytes: 1_000_000,
    workers: 1,
    worker: WORKER,
    maxWaiting: 10,
    open: () => Promise.resolve({ path: original, release: () => Promise.resolve() }),
    ...options,
  });
}

describe('thumbnails', () => {
  test('[THB1] a photograph becomes small, upright and nameless, in the format that is asked for', async () => {
    const source = path(await photograph());
    const made = await thumbnails(source);
    for (const [format, kind] of [
      ['webp', 'webp'],
      ['avif', 'heif'],
    ] as const) {
      const found = await made.of(content('image/jpeg'), { size: 'small', format });
      if (typeof found === 'string') throw new Error(found);
      const bytes = readFileSync(found.path);
      const facts = await sharp(bytes).metadata();
      expect([facts.width, facts.height]).toEqual([80, 160]);
      expect(String(facts.format)).toBe(kind);
      expect(facts.exif).toBeUndefined();
      expect(facts.orientation ?? 1).toBe(1);
    }
    await made.close();
  });

  test('[THB2] what is no picture, is damaged, or would be too large decoded has none, and is not tried twice', async () => {
    const counted = { opened: 0 };
    const opening = (original: string): Partial<ThumbnailsOptions> => ({
      open: () => {
        counted.opened += 1;
        return Promise.resolve({ path: original, release: () => Promise.resolve() });
      },
    });
    const text = await thumbnails('', opening(path('hello')));
    expect(await text.of(content('text/plain'), SMALL)).toBe('no-picture');
    expect(await text.of({ ...content('image/png'), size: 1e9 }, SMALL)).toBe('no-picture');
    expect(counted.opened).toBe(0);
    expect(await text.of(content('image/png', 'a'.repeat(64)), SMALL)).toBe('damaged');
    expect(await text.of(content('image/png', 'a'.repeat(64)), SMALL)).toBe('damaged');
    expect(counted.opened).toBe(1);
    const cut = await thumbnails(path((await photograph()).slice(0, 400)));
    expect(await cut.of(content('image/jpeg'), SMALL)).toBe('damaged');
    await Promise.all([text.close(), cut.close()]);
  });

  test('[THB3] a bomb of many pixels in a few kilobytes is refused before it is decoded', async () => {
    const bomb = path(blackSquare(12_000));
    const worker = new PictureWorker(WORKER);
    const task = { source: bomb, target: join(directory, 'bomb.webp'), edge: 10, format: 'webp' } as const;
    await expect(worker.make(task)).rejects.toThrow(/pixel limit/);
    // The same square is fine where it is smaller.
    await worker.make({ ...task, source: path(blackSquare(1_000)) });
    await worker.close();
  });

  test('[THB4] drawings in markup are never decoded, whatever they say that they are', async () => {
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>';
    const made = await thumbnails(path(drawing));
    expect(await made.of(content('image/svg+xml'), SMALL)).toBe('no-picture');
    expect(await made.of(content('image/png'), SMALL)).toBe('damaged');
    await made.close();
  });

  test('[THB5] many who ask for one at once share one decoding; past the bound they are told to come again', async () => {
    const source = path(await photograph());
    let opened = 0;
    const gate = Promise.withResolvers<void>();
    const made = await thumbnails(source, {
      maxWaiting: 1,
      open: async () => {
        opened += 1;
        await gate.promise;
        return { path: source, release: () => Promise.resolve() };
      },
    });
    const one = content('image/jpeg', '1'.repeat(64));
    const many = Promise.all(Array.from({ length: 20 }, () => made.of(one, SMALL)));
    const other = made.of(content('image/jpeg', '2'.repeat(64)), SMALL);
    expect(await other).toBe('busy');
    gate.resolve();
    const paths = new Set((await many).map((found) => (typeof found === 'string' ? found : found.path)));
    expect([paths.size, opened]).toEqual([1, 1]);
    await made.close();
  });

  test('[THB6] a decoder that hangs or dies is ended, and the next picture finds a fresh one', async () => {
    const hanging = new PictureWorker({ deadlineMs: 200, idleMs: 60_000, program: ['sleep', '1000'] });
    const task = {
      source: path(await photograph()),
      target: join(directory, 'out'),
      edge: 10,
      format: 'webp',
    } as const;
    await expect(hanging.make(task)).rejects.toBeInstanceOf(PictureRefused);
    const dying = new PictureWorker({ deadlineMs: 10_000, idleMs: 60_000, program: ['false'] });
    await expect(dying.make(task)).rejects.toThrow();
    await expect(dying.make(task)).rejects.toThrow();
    const working = new PictureWorker(WORKER);
    await expect(working.make({ ...task, source: path('x') })).rejects.toBeInstanceOf(PictureRefused);
    await working.make(task);
    expect(readFileSync(task.target).length).toBeGreaterThan(0);
    await Promise.all([hanging.close(), dying.close(), working.close()]);
  });

  test('[THB7] those kept on the disk are bounded, the ones not asked for longest go first, and a restart knows them', async () => {
    const kept = mkdtempSync(join(directory, 'bounded-'));
    const store = await ThumbnailStore.open(kept, 250);
    const put = async (digit: string): Promise<void> => {
      const draft = store.draft();
      writeFileSync(draft, new Uint8Array(100));
      await store.keep(draft, digit.repeat(64), SMALL);
    };
    await put('a');
    await put('b');
    expect(await store.find('a'.repeat(64), SMALL)).toBeDefined();
    await put('c');
    expect(await store.find('b'.repeat(64), SMALL)).toBeUndefined();
    writeFileSync(join(kept, 'draft-1-1'), 'left behind');
    const again = await ThumbnailStore.open(kept, 250);
    expect(again.bytes).toBe(200);
    expect(await again.find('a'.repeat(64), SMALL)).toBeDefined();
    expect(readdirSync(kept).length).toBe(2);
  });
});
