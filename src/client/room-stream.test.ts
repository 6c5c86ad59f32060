import { expect, test } from 'bun:test';
import type { MailroomError } from './errors.ts';
import { RoomStream } from './room-stream.ts';
import { settled } from './testing/virtual-clock.ts';
import { bodyOf } from './testing/world.ts';
import type { HistoryPage, Message } from './wire.ts';

const message = (seq: number): Message => ({ room: 'r', seq, from: 'bob', at: 0, nonce: `${seq}`, body: bodyOf('x') });
const page = (...seqs: number[]): HistoryPage => ({ messages: seqs.map(message), more: false, change: 0 });

function setUp(seq = 0) {
  const delivered: number[] = [];
  const skipped: [number, number][] = [];
  const stalls: MailroomError[] = [];
  const fetches: { after: number; resolve: (page: HistoryPage) => void }[] = [];
  const stream = new RoomStream(
    {
      deliver: (next) => delivered.push(next.seq),
      fetch: (after) => new Promise((resolve) => fetches.push({ after, resolve })),
      skipped: (from, to) => skipped.push([from, to]),
      stalled: (error) => stalls.push(error),
    },
    seq,
    Number.POSITIVE_INFINITY,
  );
  return { stream, delivered, skipped, stalls, fetches };
}

test('[CLI2] live messages wait while a hole is filled, and follow without another fetch', async () => {
  const { stream, delivered, fetches } = setUp();
  for (const seq of [3, 1, 2, 4]) stream.push(message(seq));
  expect(delivered).toEqual([]);
  fetches[0]?.resolve(page(1, 2));
  await settled();
  expect(delivered).toEqual([1, 2, 3, 4]);
  expect(fetches).toHaveLength(1);
});

test('[CLI2] a page that overlaps what was delivered repeats nothing', async () => {
  const { stream, delivered, fetches } = setUp(2);
  stream.push(message(5));
  fetches[0]?.resolve(page(1, 2, 3, 4, 5));
  await settled();
  expect(delivered).toEqual([3, 4, 5]);
});

test('[CLI4] the answer to a fetch of an ended connection changes nothing', async () => {
  const { stream, delivered, fetches } = setUp();
  stream.push(message(3));
  stream.interrupt();
  fetches[0]?.resolve(page(1, 2));
  await settled();
  expect(delivered).toEqual([]);
  stream.push(message(1));
  expect(delivered).toEqual([1]);
});

test('[CLI6] messages that history does not have are told as a gap', async () => {
  const { stream, delivered, skipped, fetches } = setUp();
  stream.catchUp(6);
  fetches[0]?.resolve(page(4, 5, 6));
  await settled();
  expect(skipped).toEqual([[1, 3]]);
  expect(delivered).toEqual([4, 5, 6]);
});

test('[CLI3] a history that ends before what was announced is asked again, not at once', async () => {
  const { stream, stalls, fetches } = setUp();
  stream.catchUp(3);
  fetches[0]?.resolve(page());
  await settled();
  expect(stalls).toHaveLength(1);
  expect(fetches).toHaveLength(1);
  stream.resume();
  expect(fetches).toHaveLength(2);
});
