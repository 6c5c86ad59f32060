import { expect, test } from 'bun:test';
import { Mentions } from './mentions.ts';

test('[RDS7] what is kept and what the store has make up all mentions, however many there are', () => {
  const mentions = new Mentions(10);
  expect([mentions.storedTo, mentions.count('ann', 0)]).toEqual([10, 0]);
  const stored = (seq: number): number => Math.max(10, seq - 300);
  for (let seq = 11; seq <= 5_000; seq += 1) {
    mentions.posted(seq, seq % 2 === 0 ? ['ann'] : undefined, seq % 5 === 0, stored(seq));
    // Nothing is forgotten that the store may lack.
    if (mentions.storedTo > stored(seq)) throw new Error(`the store need not have ${mentions.storedTo}`);
  }
  const spoken = (after: number) =>
    Array.from({ length: 5_000 - after }, (_, index) => after + 1 + index).filter(
      (seq) => seq % 2 === 0 || seq % 5 === 0,
    );
  expect(mentions.storedTo).toBeGreaterThan(2_000);
  for (const after of [mentions.storedTo, 4_700, 5_000]) {
    expect(mentions.count('ann', after)).toBe(spoken(after).length);
    expect(mentions.count('bob', after)).toBe(spoken(after).filter((seq) => seq % 5 === 0).length);
  }
});

test('[RDS7] messages that the store does not have are kept, however many', () => {
  const mentions = new Mentions(0);
  for (let seq = 1; seq <= 3_000; seq += 1) mentions.posted(seq, ['ann'], false, 0);
  expect([mentions.storedTo, mentions.count('ann', 0)]).toEqual([0, 3_000]);
});
