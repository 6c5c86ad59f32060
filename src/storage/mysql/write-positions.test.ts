import { expect, test } from 'bun:test';
import { formatPosition, parsePosition } from './position.ts';
import type { PrimarySample } from './replica.ts';
import { LocalWritePositions, type PositionKey } from './write-positions.ts';

const ANN = 'user:ann';
const BOB = 'user:bob';
const ROOM = 'room:r';

function world(maxKeys = 100) {
  let sample: PrimarySample | undefined;
  let nowMs = 0;
  const positions = new LocalWritePositions({ sample: () => sample, now: () => nowMs, maxKeys });
  return {
    positions,
    commit: (keys: readonly PositionKey[], gtid: string | null) => positions.announce(keys).committed(gtid),
    of: (...keys: PositionKey[]): string | null => {
      const position = positions.of(keys);
      return position === null ? null : formatPosition(position);
    },
    primaryAt: (atMs: number, gtid: string) => {
      sample = { atMs, position: parsePosition(gtid) };
    },
    passTo: (ms: number) => {
      nowMs = ms;
    },
  };
}

test('[SQL15] nothing is known until the primary has said where it stands', () => {
  const { positions, commit, of, primaryAt } = world();
  commit([ANN], '0-1-8');
  primaryAt(1_000_000, '0-1-9');
  expect(of(ANN)).toBeNull();
  positions.startAt(parsePosition('0-1-5'));
  expect(of(ANN)).toBe('0-1-8');
  expect(of(BOB)).toBe('0-1-5');
});

test('[SQL15] a reader of several waits for the latest of their writes, in whatever order the answers came', () => {
  const { positions, commit, of } = world();
  positions.startAt(parsePosition('0-1-5'));
  commit([ANN, ROOM], '0-1-6');
  commit([ROOM], '0-1-9');
  commit([ROOM], '0-1-8');
  commit([BOB], '0-1-7');
  expect(of(ANN, BOB)).toBe('0-1-7');
  expect(of(ANN, ROOM)).toBe('0-1-9');
});

test('[SQL15] while a write is under way only the primary will do, and one that changed nothing leaves no trace', () => {
  const { positions, of } = world();
  positions.startAt(parsePosition('0-1-5'));
  const first = positions.announce([ANN]);
  const second = positions.announce([ANN, BOB]);
  expect([of(ANN), of(BOB), of(ROOM)]).toEqual([null, null, '0-1-5']);
  second.nothing();
  expect([of(ANN), of(BOB)]).toEqual([null, '0-1-5']);
  first.committed('0-1-7');
  first.unknown();
  expect(of(ANN)).toBe('0-1-7');
});

test('[SQL15] a write of unknown outcome leaves the primary only, until it has said long after where it stands', () => {
  const { positions, commit, of, primaryAt, passTo } = world();
  positions.startAt(parsePosition('0-1-5'));
  passTo(1_000);
  positions.announce([ANN]).unknown();
  expect([of(ROOM, ANN), of(ROOM)]).toEqual([null, '0-1-5']);
  // It may yet be committed, after this one.
  commit([ANN], '0-1-9');
  primaryAt(30_000, '0-1-9');
  expect(of(ANN)).toBeNull();
  primaryAt(61_000, '0-1-12');
  expect(of(ANN)).toBe('0-1-12');
});

test('[SQL15] what is no longer kept sinks into the floor and is never forgotten', () => {
  const { positions, commit, of, primaryAt, passTo } = world(2);
  positions.startAt(parsePosition('0-1-5'));
  commit(['user:a'], '0-1-6');
  commit(['user:b'], '0-1-7');
  commit(['user:a'], '0-1-8');
  commit(['user:c'], '0-1-9');
  expect([of('user:b'), of(), of('user:a')]).toEqual(['0-1-7', '0-1-7', '0-1-8']);
  passTo(1_000);
  positions.announce(['user:d']).unknown();
  commit(['user:e'], '0-1-10');
  commit(['user:f'], '0-1-11');
  expect(of('user:b')).toBeNull();
  primaryAt(70_000, '0-1-20');
  expect(of('user:b')).toBe('0-1-20');
});

test('[SQL15] a write that is under way is not among those that sink', () => {
  const { positions, commit, of } = world(1);
  positions.startAt(parsePosition('0-1-5'));
  const slow = positions.announce([ANN]);
  commit([BOB], '0-1-6');
  commit([ROOM], '0-1-7');
  expect(of(ANN)).toBeNull();
  slow.committed('0-1-8');
  expect(of(ANN)).toBe('0-1-8');
});
