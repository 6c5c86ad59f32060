import { expect, test } from 'bun:test';
import { RoomTally } from './room-tally.ts';

/** What two members get, one after the other, as `[member, id, seq]`. */
function tallied(...heard: readonly (readonly [number, number, number])[]): RoomTally {
  const tally = new RoomTally(2);
  for (const [member, id, seq] of heard) tally.got(member, id, seq);
  return tally;
}

function faults(tally: RoomTally, posted: number): readonly number[] {
  return [tally.lost(posted), tally.duplicated, tally.reordered];
}

test('[BNC3] what everybody got once and in one order counts as neither lost, duplicated nor reordered', () => {
  expect(faults(tallied([0, 7, 1], [0, 5, 2], [1, 7, 1], [1, 5, 2]), 2)).toEqual([0, 0, 0]);
});

test('[BNC3] a post is everywhere when the last member has it', () => {
  const tally = new RoomTally(2);
  expect(tally.got(0, 7, 1)).toBe(false);
  expect(tally.got(1, 7, 1)).toBe(true);
});

test('[BNC3] a delivery that never came is lost', () => {
  expect(faults(tallied([0, 7, 1], [0, 5, 2], [1, 7, 1]), 2)).toEqual([1, 0, 0]);
});

test('[BNC3] a second delivery is duplicated, with and without a seq', () => {
  expect(tallied([0, 7, 1], [0, 7, 1]).duplicated).toBe(1);
  expect(tallied([0, 7, 0], [0, 7, 0]).duplicated).toBe(1);
});

test('[BNC3] members that see different orders are noticed', () => {
  expect(tallied([0, 7, 0], [0, 5, 0], [1, 5, 0]).reordered).toBe(1);
});

test('[BNC3] a seq that skips one is noticed', () => {
  expect(tallied([0, 7, 2]).reordered).toBe(1);
});
