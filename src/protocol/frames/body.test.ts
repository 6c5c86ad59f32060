import { describe, expect, test } from 'bun:test';
import type { Body } from '../types.ts';
import { decodeBody, encodeBody } from './body.ts';
import { concat, encode } from './rpc.ts';

describe('bodies', () => {
  const bodies: readonly Body[] = [
    { type: 'text', text: 'Grüße 👋' },
    { type: 'file', file: 'f1', name: 'tea.png', size: 5_000_000_000, mime: 'image/png' },
    { type: 'system', event: 'renamed', title: 'Tea' },
    { type: 'x-poll', options: ['tea', 'coffee'], votes: Uint8Array.of(1, 2) },
  ];
  test.each(bodies)('[WIRE27] $type comes back as it was', (body) => {
    expect(decodeBody(encodeBody(body))).toEqual(body);
  });

  test('[WIRE27] keys that the type does not have are dropped', () => {
    expect(decodeBody(encode({ type: 'text', text: 'a', html: '<b>' }))).toEqual({ type: 'text', text: 'a' });
  });

  test('[WIRE27] what is no body that is known is null and throws nothing', () => {
    const strange = [
      {},
      { type: 'text' },
      { type: 'text', text: 1 },
      { type: 'file', file: 'f' },
      { type: 'poll' },
      { type: 1 },
    ];
    for (const value of [...strange, [], 'text', null, 7]) expect(decodeBody(encode(value))).toBeNull();
    const text = encodeBody({ type: 'text', text: 'a' });
    for (const bytes of [new Uint8Array(0), text.subarray(1), concat([text, text]), Uint8Array.of(0xc1)]) {
      expect(decodeBody(bytes)).toBeNull();
    }
  });
});
