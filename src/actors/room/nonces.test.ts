import { describe, expect, test } from 'bun:test';
import { LIMITS } from '../../protocol/limits.ts';
import { NonceWindow } from './nonces.ts';

describe('nonce window', () => {
  test('[ROOM3] a known nonce answers with its first seq; nonces that differ in case only are different', () => {
    const window = new NonceWindow([{ nonce: 'a', seq: 4, at: 9 }]);
    expect(window.find('a')).toEqual({ state: 'posted', posted: { seq: 4, at: 9 } });
    expect(window.find('A')).toBeUndefined();
  });

  test('[ROOM3] the last 1,000 posts are known, older ones are not', () => {
    const window = new NonceWindow([]);
    for (let seq = 1; seq <= LIMITS.nonceWindowPosts + 1; seq++) window.posted(`n${seq}`, { seq, at: 0 });
    expect(window.find('n1')).toBeUndefined();
    expect(window.find('n2')).toBeDefined();
  });

  test('[ROOM3] a post on its way is known as pending, is not pushed out, and is forgotten when it did not happen', () => {
    const window = new NonceWindow([]);
    window.pending('p');
    for (let seq = 1; seq <= LIMITS.nonceWindowPosts + 5; seq++) window.posted(`n${seq}`, { seq, at: 0 });
    expect(window.find('p')).toEqual({ state: 'pending' });
    window.forget('p');
    expect(window.find('p')).toBeUndefined();
  });
});
