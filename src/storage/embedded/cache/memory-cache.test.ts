import { expect, test } from 'bun:test';
import { VirtualHost } from '../../../testkit/virtual-host.ts';
import { MemoryCache } from './memory-cache.ts';

const value = (length: number) => ({ value: new Uint8Array(length), version: 0, ttlMs: 1_000 });

test('[CACHE26] memory is bounded, and what was used longest ago goes first', () => {
  const cache = new MemoryCache({ host: new VirtualHost(), maxBytes: 100_000 });
  for (let key = 0; key < 1_000; key += 1) {
    cache.fill(`key ${key}`, value(1_000));
    expect(cache.get('key 0')).not.toBeNull();
    expect(cache.bytes).toBeLessThanOrEqual(100_000);
  }
  expect(cache.get('key 1')).toBeNull();
  expect(cache.get('key 999')).not.toBeNull();
});

test('[CACHE26] a value that is larger than the bound is not kept, and takes the place of nothing but its own', () => {
  const cache = new MemoryCache({ host: new VirtualHost(), maxBytes: 10_000 });
  cache.fill('small', value(100));
  cache.fill('key', value(100));
  cache.fill('key', value(20_000));
  expect(cache.get('small')).not.toBeNull();
  expect(cache.get('key')).toBeNull();
});

test('[CACHE26] bytes are counted back when values expire, are buried or replaced', () => {
  const host = new VirtualHost();
  const cache = new MemoryCache({ host, maxBytes: 10_000 });
  for (const length of [10, 500, 20]) cache.fill('key', value(length));
  const one = cache.bytes;
  cache.fill('other', value(20));
  host.advance(1_000);
  expect([cache.get('key'), cache.get('other'), cache.bytes]).toEqual([null, null, 0]);
  cache.fill('key', value(20));
  expect(cache.bytes).toBe(one);
});
