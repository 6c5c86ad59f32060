import { expect, test } from 'bun:test';
import { NONCE_WINDOW, RecentNonces } from './recent-nonces.ts';

test('[STORE9] the last 1,000 nonces are never forgotten, and older ones are', () => {
  const nonces = new RecentNonces();
  const total = 3 * NONCE_WINDOW + 7;
  for (let index = 0; index < total; index += 1) {
    nonces.add(`nonce ${index}`);
    const oldest = Math.max(0, index - NONCE_WINDOW + 1);
    expect(nonces.mayHave(`nonce ${oldest}`)).toBe(true);
  }
  for (let index = total - NONCE_WINDOW; index < total; index += 1) {
    expect(nonces.mayHave(`nonce ${index}`)).toBe(true);
  }
  let known = 0;
  for (let index = 0; index < total - NONCE_WINDOW; index += 1) known += Number(nonces.mayHave(`nonce ${index}`));
  expect(known).toBeLessThan(3);
});

test('[STORE16] memory grows with the posts and stops at the window', () => {
  const nonces = new RecentNonces();
  expect(nonces.bytes).toBe(32);
  for (let index = 0; index < 9; index += 1) nonces.add(`${index}`);
  expect(nonces.bytes).toBe(64);
  for (let index = 0; index < 5_000; index += 1) nonces.add(`${index}`);
  expect(nonces.bytes).toBe(4 * NONCE_WINDOW);
});
