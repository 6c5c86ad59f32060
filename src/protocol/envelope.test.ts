import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { checkCall } from './calls.ts';
import { decodeCalls, decodeReplies } from './envelope.ts';
import { decodeBody } from './frames/body.ts';
import { concat, encode, encodeFault, encodeNotification, encodeRequest } from './frames/rpc.ts';
import { LIMITS } from './limits.ts';
import { MalformedFrame } from './malformed.ts';

function closeCodeOf(decode: (bytes: Uint8Array) => unknown, ...values: readonly unknown[]): number {
  try {
    decode(concat(values.map(encode)));
  } catch (error) {
    if (error instanceof MalformedFrame) return error.closeCode;
    throw error;
  }
  return 0;
}

const ping = encodeRequest(1, 'ping', {});

describe('calls', () => {
  test('[WIRE2] several messages in one WebSocket message come out in order', () => {
    const bytes = concat([
      ping,
      encode([2, 'typing', [{ room: 'r' }]]),
      encodeRequest(4_294_967_295, 'rooms.join', { room: 'r' }),
    ]);
    expect(decodeCalls(bytes)).toEqual([
      { type: 'request', id: 1, method: 'ping', params: {} },
      { type: 'notification', method: 'typing', params: { room: 'r' } },
      { type: 'request', id: 4_294_967_295, method: 'rooms.join', params: { room: 'r' } },
    ]);
  });

  test('[WIRE3] anything but a request or a notification is malformed', () => {
    const breaches = [[], [0], [0, 1, 'ping'], [0, 1, 'ping', [{}], 1], [1, 1, null, {}], [2, 'a'], [2, 'a', [{}], 1]];
    for (const breach of [...breaches, [3, 'a', [{}]], ['0', 1, 'ping', [{}]], {}, null, 7, 'ping']) {
      expect(closeCodeOf(decodeCalls, breach)).toBe(4400);
    }
  });

  test('[WIRE4] an id is a uint32', () => {
    for (const id of [-1, 4_294_967_296, 1.5, '1', null, true, [1], Number.NaN]) {
      expect(closeCodeOf(decodeCalls, [0, id, 'ping', [{}]])).toBe(4400);
    }
    for (const id of [0, 1, 4_294_967_295]) expect(closeCodeOf(decodeCalls, [0, id, 'ping', [{}]])).toBe(0);
  });

  test('[WIRE5] a method is a string, and params are exactly one map', () => {
    for (const method of [1, null, ['ping'], new Uint8Array(4)])
      expect(closeCodeOf(decodeCalls, [0, 1, method, [{}]])).toBe(4400);
    for (const params of [[], [{}, {}], {}, null, [null], [[]], [1], ['a'], [new Uint8Array(1)]]) {
      expect(closeCodeOf(decodeCalls, [0, 1, 'ping', params])).toBe(4400);
      expect(closeCodeOf(decodeCalls, [2, 'ping', params])).toBe(4400);
    }
  });

  test('[WIRE6] a WebSocket message holds one message at least', () => {
    expect(closeCodeOf(decodeCalls)).toBe(4400);
    expect(closeCodeOf(decodeReplies)).toBe(4400);
  });

  test('[WIRE6] a WebSocket message holds at most 1,000 messages', () => {
    const many = Array.from({ length: LIMITS.maxMessagesPerSocketMessage }, () => [0, 1, 'ping', [{}]]);
    expect(closeCodeOf(decodeCalls, ...many)).toBe(0);
    expect(closeCodeOf(decodeCalls, ...many, [0, 1, 'ping', [{}]])).toBe(4413);
  });

  test('[WIRE6] what follows a good message is not forgiven', () => {
    expect(closeCodeOf(decodeCalls, [0, 1, 'ping', [{}]], 7)).toBe(4400);
    expect(() => decodeCalls(concat([ping, Uint8Array.of(0x94)]))).toThrow(MalformedFrame);
  });

  test('[WIRE9] the envelope counts towards the depth', () => {
    const nested = (levels: number): unknown => (levels === 0 ? null : [nested(levels - 1)]);
    expect(closeCodeOf(decodeCalls, [0, 1, 'ping', [{ a: nested(LIMITS.maxDepth - 3) }]])).toBe(0);
    expect(closeCodeOf(decodeCalls, [0, 1, 'ping', [{ a: nested(LIMITS.maxDepth - 2) }]])).toBe(4400);
  });
});

describe('replies', () => {
  test('[WIRE3] responses and notifications are told apart', () => {
    const bytes = concat([encode([1, 7, null, { a: 1 }]), encodeNotification('goaway', { retryAfter: 5 })]);
    expect(decodeReplies(bytes)).toEqual([
      { type: 'response', id: 7, fault: null, result: { a: 1 } },
      { type: 'notification', method: 'goaway', params: { retryAfter: 5 } },
    ]);
    for (const breach of [
      [0, 1, 'ping', [{}]],
      [1, 1, null, null],
      [1, 1, 'x', null],
      [1, 1, { code: 1 }, null],
      [1, 1, null],
    ]) {
      expect(closeCodeOf(decodeReplies, breach)).toBe(4400);
    }
  });

  test('[WIRE24] a code that is not known yet is a failure of the kind internal', () => {
    const [known] = decodeReplies(encodeFault(7, { code: 'overloaded', message: 'full', retryAfter: 200 }));
    const overloaded = { code: 'overloaded', message: 'full', retryAfter: 200 } as const;
    expect(known).toEqual({ type: 'response', id: 7, fault: overloaded, result: null });
    const [newer] = decodeReplies(encode([1, 8, { code: 'teapot', message: 'short and stout' }, null]));
    expect(newer).toEqual({
      type: 'response',
      id: 8,
      fault: { code: 'internal', message: 'short and stout' },
      result: null,
    });
  });
});

describe('bytes of any kind', () => {
  const folder = new URL('../../test/fixtures/frames/', import.meta.url);
  const shipped = readdirSync(folder)
    .filter((file) => file.endsWith('.hex'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8').replaceAll(/^#.*$|\s/gm, ''))
    .map((text) => new Uint8Array(Buffer.from(text, 'hex')));

  /** Reads bytes in every way that there is. True if they were a good WebSocket message in one direction. */
  const survives = (bytes: Uint8Array): boolean => {
    decodeBody(bytes);
    let good = false;
    for (const decode of [decodeCalls, decodeReplies]) {
      try {
        for (const message of decode(bytes)) if (message.type !== 'response') checkCall(message.method, message.params);
        good = true;
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error;
      }
    }
    return good;
  };

  test('[WIRE14] random bytes throw nothing but MalformedFrame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void survives(bytes)),
      { numRuns: 10_000 },
    );
  });

  test('[WIRE14] mutated frames throw nothing but MalformedFrame', () => {
    let good = 0;
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 3 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...shipped), edits, (frame, changes) => {
        if (survives(changes.reduce(mutate, frame))) good += 1;
      }),
      { numRuns: 20_000 },
    );
    // Else the mutations would be so coarse that nothing behind the envelope was reached.
    expect(good).toBeGreaterThan(500);
  });
});

function mutate(bytes: Uint8Array, [place, value, kind]: readonly [number, number, number]): Uint8Array {
  if (bytes.length === 0) return Uint8Array.of(value);
  const at = place % bytes.length;
  if (kind === 0) return bytes.with(at, value);
  if (kind === 1) return concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  if (kind === 2) return concat([bytes.subarray(0, at), Uint8Array.of(value), bytes.subarray(at)]);
  return bytes.subarray(0, at);
}
