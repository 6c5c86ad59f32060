/**
 * The process that decodes pictures: a decoder that crashes, hangs or fills memory takes nothing else with it. It takes one
 * JSON line a picture on its standard input, answers each with one on its standard output, and ends when its input does.
 */
import sharp from 'sharp';
import type { PictureAnswer, PictureTask } from './picture-task.ts';

/** A picture of more pixels is refused before it is decoded. */
const MAX_PIXELS = 100_000_000;
const WEBP = { quality: 80, effort: 3 };
const AVIF = { quality: 55, effort: 2 };

// One picture at a time and one thread for it: how many run at once is the caller's to say.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadWebp',
    'VipsForeignLoadHeif',
    'VipsForeignLoadTiff',
  ],
});

/** Turned as its camera was held. What else the original says of itself, the place among it, is not carried over. */
async function make({ source, target, edge, format }: PictureTask): Promise<void> {
  const picture = sharp(source, { limitInputPixels: MAX_PIXELS, failOn: 'error', sequentialRead: true, pages: 1 })
    .autoOrient()
    .resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true });
  await (format === 'avif' ? picture.avif(AVIF) : picture.webp(WEBP)).toFile(target);
}

async function answer(task: PictureTask): Promise<PictureAnswer> {
  try {
    await make(task);
    return { id: task.id, ok: true };
  } catch (error) {
    return { id: task.id, ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

for await (const line of console) {
  const answered = await answer(JSON.parse(line) as PictureTask);
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}
