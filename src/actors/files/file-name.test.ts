import { expect, test } from 'bun:test';
import { checkedFileName } from './file-name.ts';

test('[FIL18] a name is one line of up to 255 characters that is no path', () => {
  for (const name of ['a', 'Plan (2).pdf', '.hidden', 'żółć.txt', '\u{1f4ce}'.repeat(255), '..a']) {
    expect(checkedFileName(name)).toBe(name);
  }
  expect(checkedFileName('  a b ')).toBe('a b');
  expect(checkedFileName('a\u0308')).toBe('ä');
  for (const name of ['', ' ', '.', '..', 'a/b', 'a\\b', 'a\nb', 'a\0', '\u2028', '\ud800', 'x'.repeat(256)]) {
    expect([name, checkedFileName(name)]).toEqual([name, undefined]);
  }
});
