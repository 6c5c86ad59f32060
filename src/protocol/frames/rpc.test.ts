import { describe, expect, test } from 'bun:test';
import { decodeCalls, decodeReplies } from '../envelope.ts';
import { fault } from '../faults.ts';
import { concat, encode, encodeFault, encodeNotification, encodeRequest, encodeResult } from './rpc.ts';

describe('frames through msgpackr', () => {
  test('[WIRE3] requests, results, faults and notifications are read as what they are', () => {
    const request = encodeRequest(7, 'messages.read', { room: 'r', seq: 3 });
    expect(decodeCalls(request)).toEqual([
      { type: 'request', id: 7, method: 'messages.read', params: { room: 'r', seq: 3 } },
    ]);
    const busy = fault('rate_limited', 'too many posts', 1_500);
    const replies = concat([
      encodeResult<'rooms.leave'>(8, { room: 'r', seq: 3 }),
      encodeFault(9, busy),
      encodeNotification('read', { room: 'r', user: 'u', seq: 3 }),
    ]);
    expect(decodeReplies(replies)).toEqual([
      { type: 'response', id: 8, fault: null, result: { room: 'r', seq: 3 } },
      { type: 'response', id: 9, fault: busy, result: null },
      { type: 'notification', method: 'read', params: { room: 'r', user: 'u', seq: 3 } },
    ]);
  });

  test('[WIRE18] a key that is undefined is left out, at any depth', () => {
    const loose = { a: undefined, b: [{ c: undefined, d: 1 }], e: { f: undefined } };
    expect(encode(loose)).toEqual(encode({ b: [{ d: 1 }], e: {} }));
  });

  test('[WIRE2] frames laid together are one WebSocket message', () => {
    const ping = encodeRequest(1, 'ping', {});
    expect(concat([ping])).toBe(ping);
    expect(concat([])).toEqual(new Uint8Array(0));
    expect([...concat([ping, ping])]).toEqual([...ping, ...ping]);
  });
});
