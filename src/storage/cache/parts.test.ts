import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../ports/faults.ts';
import { framesCodec, markCodec, membersCodec, profileCodec } from './codecs.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import { HotList } from './hot-list.ts';
import { Limiter } from './limiter.ts';

const role = fc.constantFrom('owner', 'admin', 'member');
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const member = fc.record({
  user: fc.string(),
  username: fc.string(),
  role,
  read: whole,
  joinedVersion: whole,
  joinedSeq: whole,
});
const bytes = (value: Uint8Array): number[] => [...value];

test('[CACHE25] what is cached is decoded as it was encoded', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (id, username) => {
      expect(profileCodec.decode(profileCodec.encode({ id, username }))).toEqual({ id, username });
    }),
  );
  fc.assert(
    fc.property(whole, fc.array(member), (version, members) => {
      expect(membersCodec.decode(membersCodec.encode({ version, members }))).toEqual({ version, members });
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), (frames) => {
      expect(framesCodec.decode(framesCodec.encode(frames))?.map(bytes)).toEqual(frames.map(bytes));
    }),
  );
  fc.assert(
    fc.property(fc.option(fc.uint8Array(), { nil: undefined }), fc.nat(), whole, (payload, loadMs, expiresAt) => {
      const entry = decodeEntry(encodeEntry({ payload, loadMs, expiresAt }));
      expect({ ...entry, payload: entry?.payload && bytes(entry.payload) }).toEqual({
        payload: payload && bytes(payload),
        loadMs,
        expiresAt,
      });
    }),
  );
  expect(markCodec.decode(markCodec.encode(true))).toBe(true);
});

test('[CACHE25] bytes that are not to be understood count as absent', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      for (const codec of [profileCodec, membersCodec, framesCodec]) expect(() => codec.decode(noise)).not.toThrow();
      expect(() => decodeEntry(noise)).not.toThrow();
    }),
  );
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  for (const value of [{}, null, 1, [], ['id'], [1, 'name']]) expect(profileCodec.decode(json(value))).toBeUndefined();
  for (const value of [[1], [1, [['u', 'n', 'chief', 0, 0]]], ['1', []], [1, [{}]]]) {
    expect(membersCodec.decode(json(value))).toBeUndefined();
  }
  expect(framesCodec.decode(Uint8Array.of(0, 0, 0, 9, 1))).toBeUndefined();
  expect(decodeEntry(new Uint8Array(12))).toBeUndefined();
  expect(decodeEntry(new Uint8Array(20).fill(7))).toBeUndefined();
});

test('[CACHE13] a limiter runs its work in the order of asking, and goes on after work that fails', async () => {
  const limiter = new Limiter({ name: 'work', maxRunning: 1, maxWaiting: 2 });
  const order: number[] = [];
  const work = (index: number) => async () => {
    order.push(index);
    await Promise.resolve();
    if (index === 0) throw new Error('a defect');
  };
  const outcomes = await Promise.allSettled([0, 1, 2, 3].map((index) => limiter.run(work(index))));
  expect(order).toEqual([0, 1, 2]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected']);
  expect((outcomes[3] as PromiseRejectedResult).reason).toBeInstanceOf(StorageFault);
  expect(limiter.running).toBe(0);
});

test('[CACHE14] the hottest keys are known among many that were asked for once, within a bound', () => {
  const hot = new HotList(100);
  for (let round = 0; round < 50; round += 1) {
    for (const key of ['a', 'b', 'a']) hot.touch(key);
    for (let once = 0; once < 60; once += 1) hot.touch(`${round} ${once}`);
  }
  expect(hot.hottest(2)).toEqual(['a', 'b']);
  expect(hot.hottest(1_000).length).toBeLessThanOrEqual(101);
});
