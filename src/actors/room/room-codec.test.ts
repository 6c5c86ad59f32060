import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { laneCodec } from '../../app/lane-codec.ts';
import { ByteReader } from '../../runtime/lanes/byte-reader.ts';
import { ByteWriter } from '../../runtime/lanes/byte-writer.ts';
import type { MessageCodec } from '../../runtime/lanes/codec.ts';
import { fanoutCodec } from '../fanout/fanout-codec.ts';
import type { FanoutMessage } from '../fanout/messages.ts';
import type { RoomMessage } from './messages.ts';
import { roomCodec } from './room-codec.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 80 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 600 });
const post: fc.Arbitrary<RoomMessage> = fc
  .record(
    {
      type: fc.constant('post' as const),
      user: text,
      session: text,
      run: count,
      place: count,
      nonce: text,
      body: bytes,
      replyTo: count,
      mentions: fc.array(text, { maxLength: 5 }),
      mentionAll: fc.constant(true),
      files: fc.array(text, { maxLength: 5 }),
    },
    { requiredKeys: ['type', 'user', 'session', 'run', 'place', 'nonce', 'body'], noNullPrototype: true },
  )
  .map((message) => message as RoomMessage);
const history: fc.Arbitrary<RoomMessage> = fc.record(
  { type: fc.constant('history' as const), user: text, limit: count },
  { noNullPrototype: true },
);
const deliver: fc.Arbitrary<FanoutMessage> = fc.record(
  { type: fc.constant('deliver' as const), room: text, seq: count, version: count, frame: bytes },
  { noNullPrototype: true },
);
const announce: fc.Arbitrary<FanoutMessage> = fc.record(
  { type: fc.constant('announce' as const), room: text, version: count, change: fc.boolean(), frame: bytes },
  { noNullPrototype: true },
);
/** Times are no fractions and have no sign, so that it may arrive as 0. */
const isNoMinusZero = (value: number): boolean => !Object.is(value, -0);
const answer = fc.oneof(
  fc.record({ seq: count, at: count }, { noNullPrototype: true }),
  fc.record({ seq: count }, { noNullPrototype: true }),
  fc.record({ seq: count, at: fc.double({ noNaN: true }).filter(isNoMinusZero) }, { noNullPrototype: true }),
  fc.record({ seq: count, at: count, more: fc.boolean() }, { noNullPrototype: true }),
  fc.constant(null),
);

/** What arrives, and whether every byte that was written was read: the next field would begin at the wrong place. */
function carried<T>(write: (writer: ByteWriter) => void, read: (reader: ByteReader) => T): T {
  const writer = new ByteWriter(16);
  writer.u32(7);
  write(writer);
  const reader = new ByteReader();
  reader.over(writer.bytes, 4, writer.length);
  const value = read(reader);
  expect(reader.offset).toBe(writer.length);
  // The lane's buffer is used again: what was decoded must not look into it.
  writer.bytes.fill(255);
  return plain(value) as T;
}

/** Whether bytes came as a Buffer or as a plain array of bytes is all one to their readers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function agreesInGeneral<M>(codec: MessageCodec<M>, message: M): void {
  const byHand = carried(
    (writer) => codec.encode(writer, message, laneCodec),
    (reader) => codec.decode(reader, laneCodec),
  );
  const inGeneral = carried(
    (writer) => laneCodec.encode(writer, message, laneCodec),
    (reader) => laneCodec.decode(reader, laneCodec),
  );
  expect(byHand).toStrictEqual(inGeneral as M);
  expect(byHand).toStrictEqual(plain(message) as M);
}

describe('codecs written by hand', () => {
  test('[LANE11] what a room is told arrives as the general codec would have carried it', () => {
    fc.assert(fc.property(fc.oneof(post, history), (message) => agreesInGeneral(roomCodec, message)));
  });

  test('[LANE11] what a fan-out is told arrives as the general codec would have carried it', () => {
    fc.assert(fc.property(fc.oneof(deliver, announce), (message) => agreesInGeneral(fanoutCodec, message)));
  });

  test('[LANE11] answers do too, also those that are almost one of a post', () => {
    const codecs: readonly Pick<MessageCodec<never>, 'encodeAnswer' | 'decodeAnswer'>[] = [roomCodec, fanoutCodec];
    fc.assert(
      fc.property(fc.constantFrom(...codecs), answer, (codec, value) => {
        const arrived = carried(
          (writer) => codec.encodeAnswer(writer, value, laneCodec),
          (reader) => codec.decodeAnswer(reader, laneCodec),
        );
        expect(arrived).toStrictEqual(plain(value));
      }),
    );
  });

  test('[LANE11] a post takes fewer bytes than in general', () => {
    const message: RoomMessage = {
      type: 'post',
      user: 'u1',
      session: '0.17',
      run: 1,
      place: 2,
      nonce: 'n',
      body: new Uint8Array(20),
    };
    const [byHand, inGeneral] = [new ByteWriter(), new ByteWriter()];
    roomCodec.encode(byHand, message, laneCodec);
    laneCodec.encode(inGeneral, message, laneCodec);
    expect(byHand.length).toBeLessThan(inGeneral.length);
  });
});
