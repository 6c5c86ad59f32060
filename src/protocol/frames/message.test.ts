import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import { RESULT_CHECKS } from '../checks.generated.ts';
import { decodeReplies, type RpcReply } from '../envelope.ts';
import { LIMITS } from '../limits.ts';
import { MsgpackReader } from '../msgpack/reader.ts';
import type { Message } from '../types.ts';
import { encodeHistoryResult, encodeMessage, encodePostResult, messageMap } from './message.ts';
import { encodeNotification, encodeResult } from './rpc.ts';

const id = fc.stringMatching(/^[A-Za-z0-9_~-]{1,64}$/);
const seq = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2 ** 33 }),
  fc.maxSafeNat().map((n) => n || 1),
);

/** Keys are in the order in which they are written, so that the bytes can be compared with msgpackr's. */
const message: fc.Arbitrary<Message> = fc
  .record({
    room: id,
    seq,
    from: id,
    at: fc.maxSafeNat(),
    nonce: fc.string({ unit: 'binary', minLength: 1, maxLength: 16 }),
    body: fc.uint8Array({ minLength: 1, maxLength: 600 }),
    replyTo: fc.option(seq, { nil: undefined }),
    mentions: fc.option(fc.array(id, { maxLength: LIMITS.maxMentions }), { nil: undefined }),
    files: fc.option(fc.array(id, { maxLength: LIMITS.maxFiles }), { nil: undefined }),
  })
  .map(
    (all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as unknown as Message,
  );

function only(bytes: Uint8Array): RpcReply {
  const [reply, ...others] = decodeReplies(bytes);
  if (!reply || others.length > 0) throw new Error('one message was expected');
  return reply;
}

describe('the message notification', () => {
  test('[WIRE16] it is byte for byte what msgpackr writes, and reads back', () => {
    fc.assert(
      fc.property(message, (value) => {
        const frame = encodeMessage(value);
        expect(frame).toEqual(encodeNotification('message', value));
        expect(only(frame)).toEqual({ type: 'notification', method: 'message', params: value } as RpcReply);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[WIRE16] the largest one fits', () => {
    const value: Message = {
      room: 'r'.repeat(LIMITS.maxIdLength),
      seq: Number.MAX_SAFE_INTEGER,
      from: 'f'.repeat(LIMITS.maxIdLength),
      at: Number.MAX_SAFE_INTEGER,
      nonce: '語'.repeat(21),
      body: new Uint8Array(LIMITS.maxBodyBytes).fill(7),
      replyTo: 1,
      mentions: new Array<string>(LIMITS.maxMentions).fill('m'.repeat(LIMITS.maxIdLength)),
      files: new Array<string>(LIMITS.maxFiles).fill('f'.repeat(LIMITS.maxIdLength)),
    };
    expect(only(encodeMessage(value))).toMatchObject({ params: value });
    expect(encodeMessage(value).length).toBeLessThan(LIMITS.maxBodyBytes + 6_000);
  });

  test('[WIRE16] an encoding that failed leaves nothing in the next one', () => {
    const good: Message = { room: 'r', seq: 1, from: 'u', at: 1, nonce: 'n', body: Uint8Array.of(1) };
    const before = encodeMessage(good);
    expect(() => encodeMessage({ ...good, body: undefined } as unknown as Message)).toThrow(TypeError);
    expect(encodeMessage(good)).toEqual(before);
  });

  test('[WIRE28] frames have memory of their own', () => {
    const first = encodeMessage({ room: 'r', seq: 1, from: 'u', at: 1, nonce: 'a', body: Uint8Array.of(1) });
    const second = encodeMessage({ room: 'r', seq: 2, from: 'u', at: 1, nonce: 'b', body: Uint8Array.of(2) });
    for (const frame of [first, second, encodeResult<'ping'>(1, {})])
      expect(frame.buffer.byteLength).toBe(frame.length);
    expect(first.buffer).not.toBe(second.buffer);
  });

  test('[WIRE19] times travel as float64, so that any decoder reads a plain number', () => {
    const at = 1_795_000_000_123;
    const decoded = new Unpackr({ int64AsType: 'bigint', mapsAsObjects: true }).unpack(
      encodePostResult(1, 4_294_967_296, at),
    );
    expect(decoded).toEqual([1, 1, null, { seq: 4_294_967_296, at }]);
  });
});

describe('results of the hot path', () => {
  test('[WIRE16] the answer to a post is byte for byte what msgpackr writes', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4_294_967_295 }), seq, fc.maxSafeNat(), (request, posted, at) => {
        expect(encodePostResult(request, posted, at)).toEqual(
          encodeResult<'messages.post'>(request, { seq: posted, at }),
        );
      }),
    );
  });

  test('[WIRE17] a page of history holds the maps of stored frames unchanged', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), fc.boolean(), fc.nat(), (messages, more, change) => {
        const frames = messages.map(encodeMessage);
        const result = encodeHistoryResult(9, frames, more, change);
        expect(result).toEqual(encodeResult<'messages.history'>(9, { messages, more, change }));
        const reply = only(result);
        expect(reply.type === 'response' && RESULT_CHECKS['messages.history'](reply.result)).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test('[WIRE17] the map inside a frame stands alone', () => {
    const value: Message = { room: 'r', seq: 1, from: 'u', at: 1, nonce: 'n', body: Uint8Array.of(1, 2) };
    const map = messageMap(encodeMessage(value));
    expect(new MsgpackReader(map).readValue()).toEqual(value);
  });
});
