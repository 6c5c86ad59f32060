/** Hashes files off the page's thread, piece by piece: browsers have no hashing of streams of their own. */
import { createSHA256, type IHasher } from 'hash-wasm';
import type { ByteRange, HashNews, HashTask } from './hash-messages.ts';

declare const self: {
  onmessage: ((event: MessageEvent<HashTask>) => void) | null;
  postMessage(news: HashNews): void;
};

const PIECE_BYTES = 4 * 1024 * 1024;

self.onmessage = ({ data }) => {
  answer(data).then(
    (sha256) => self.postMessage({ type: 'done', sha256 }),
    (error: unknown) =>
      self.postMessage({ type: 'failed', reason: error instanceof Error ? error.message : `${error}` }),
  );
};

async function answer(task: HashTask): Promise<string> {
  const hasher = await createSHA256();
  hasher.init();
  if (task.type === 'hash') await feed(hasher, task.file, { offset: 0, length: task.file.size }, true);
  else {
    hasher.update(new TextEncoder().encode(task.id));
    hasher.update(task.nonce);
    for (const range of task.ranges) await feed(hasher, task.file, range, false);
  }
  return hasher.digest('hex');
}

async function feed(hasher: IHasher, file: Blob, { offset, length }: ByteRange, tells: boolean): Promise<void> {
  for (let at = offset; at < offset + length; at += PIECE_BYTES) {
    const end = Math.min(offset + length, at + PIECE_BYTES);
    hasher.update(new Uint8Array(await file.slice(at, end).arrayBuffer()));
    if (tells) self.postMessage({ type: 'progress', bytes: end });
  }
}
