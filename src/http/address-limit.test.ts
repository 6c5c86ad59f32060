import { describe, expect, test } from 'bun:test';
import { AddressLimit } from './address-limit.ts';

describe('address limit', () => {
  test('[HTTP2] each key has its own units, which come back with time', () => {
    let nowMs = 0;
    const limit = new AddressLimit({ burst: 2, perMinute: 60, maxKeys: 10 }, () => nowMs);
    expect([limit.take('a'), limit.take('a'), limit.take('b')]).toEqual([0, 0, 0]);
    const waitMs = limit.take('a');
    expect(waitMs).toBe(1_000);
    nowMs += waitMs;
    expect(limit.take('a')).toBe(0);
  });

  test('[HTTP2] only so many keys are remembered, the least recent is forgotten', () => {
    const limit = new AddressLimit({ burst: 1, perMinute: 1, maxKeys: 2 }, () => 0);
    limit.take('a');
    limit.take('b');
    limit.take('c');
    expect(limit.take('c')).toBeGreaterThan(0);
    expect(limit.take('a')).toBe(0);
  });
});
