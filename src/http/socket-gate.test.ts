import { expect, test } from 'bun:test';
import type { Shard } from '../runtime/shard.ts';
import { SocketGate } from './socket-gate.ts';

/** A shard whose sessions take everything. */
const shard = { thread: 0, ref: () => ({}), tell: () => true, activeCell: () => undefined } as unknown as Shard;

class FakeSocket {
  readonly data = {};
  readonly closes: number[] = [];
  sendBinary = (): number => 1;
  getBufferedAmount = (): number => 0;
  subscribe = (): void => {};
  unsubscribe = (): void => {};
  close = (code: number): void => void this.closes.push(code);
}

test('[LIFE3] a draining gate closes what opens with 4503, leaves open sockets alone, and tells when all are gone', async () => {
  const gate = new SocketGate(shard);
  const [early, late] = [new FakeSocket(), new FakeSocket()];
  gate.opened(early);
  gate.drain();
  gate.opened(late);
  expect([early.closes, late.closes]).toEqual([[], [4503]]);
  let empty = false;
  const emptied = gate.emptied().then(() => {
    empty = true;
  });
  gate.closed(late);
  await Promise.resolve();
  expect(empty).toBe(false);
  gate.closed(early);
  await emptied;
  expect(gate.size).toBe(0);
});

test('[LIFE3] a gate without sockets is empty at once', async () => {
  await new SocketGate(shard).emptied();
});
