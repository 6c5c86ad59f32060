import { describe, expect, test } from 'bun:test';
import { RateLimit } from './rate-limit.ts';

describe('rate limit', () => {
  test('[SES1] a burst passes, then the refusal says when the next unit is there, and it is', () => {
    const limit = new RateLimit(10, 2, 0);
    expect(limit.take(1, 0)).toBe(0);
    expect(limit.take(1, 0)).toBe(0);
    const waitMs = limit.take(1, 0);
    expect(waitMs).toBe(100);
    expect(limit.take(1, waitMs)).toBe(0);
  });

  test('[SES1] units are gathered up to the burst and no further', () => {
    const limit = new RateLimit(10, 2, 0);
    expect(limit.take(2, 1_000_000)).toBe(0);
    expect(limit.take(1, 1_000_000)).toBeGreaterThan(0);
  });
});
