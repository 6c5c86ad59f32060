import { expect, test } from 'bun:test';
import { expiryAt, grantOf, type SignedGrant, signedPath, URL_PERIOD_MS } from './signed-urls.ts';

const secret = new Uint8Array(32).fill(7);
const now = Date.UTC(2026, 10, 22, 12, 20);
const grant: SignedGrant = {
  file: 'V1StGXR8_Z5jdHi6B-myT',
  hash: '0f'.repeat(32),
  name: 'Füße & Hände/«1».png',
  disposition: 'inline',
  expiresAt: expiryAt(now),
};

function opened(path: string, at = now, file = grant.file, key = secret) {
  return grantOf(key, file, new URL(path, 'http://localhost').searchParams, at);
}

test('[DLV8] a signed address says what was signed, until it expires', () => {
  const path = signedPath(secret, grant);
  expect(opened(path)).toEqual(grant);
  expect(opened(path, grant.expiresAt - 1)).toEqual(grant);
  expect(opened(path, grant.expiresAt)).toBe('expired');
});

test('[DLV9] an address is the same within a period, and good for one to two of them', () => {
  const start = Math.floor(now / URL_PERIOD_MS) * URL_PERIOD_MS;
  const expiries = [start, now, start + URL_PERIOD_MS - 1].map(expiryAt);
  expect(new Set(expiries)).toEqual(new Set([start + 2 * URL_PERIOD_MS]));
  expect(expiryAt(start + URL_PERIOD_MS)).toBe(start + 3 * URL_PERIOD_MS);
});

test('[DLV8] whatever else is asked for with a signature is forged', () => {
  const path = signedPath(secret, grant);
  const changes: Record<string, string> = {
    content: Buffer.from('1f'.repeat(32), 'hex').toString('base64url'),
    name: 'other.png',
    disposition: 'attachment',
    expires: String(grant.expiresAt / 1_000 + 3_600),
    signature: Buffer.alloc(32).toString('base64url'),
  };
  for (const [name, value] of Object.entries(changes)) {
    const url = new URL(path, 'http://localhost');
    url.searchParams.set(name, value);
    expect([name, opened(url.pathname + url.search)]).toEqual([name, 'forged']);
    url.searchParams.delete(name);
    expect([name, opened(url.pathname + url.search)]).toEqual([name, 'forged']);
  }
  expect(opened(path, now, 'another-file')).toBe('forged');
  expect(opened(path, now, grant.file, new Uint8Array(32))).toBe('forged');
});
