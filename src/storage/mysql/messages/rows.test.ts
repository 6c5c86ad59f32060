import { expect, test } from 'bun:test';
import { statementPieces } from './rows.ts';

const MIB = 1024 * 1024;

test('[MSQ7] a batch is cut into few statements of few sizes, in order', () => {
  const rows = Array.from({ length: 1_000 }, (_, index) => index);
  const pieces = statementPieces(rows, () => 300);
  expect(pieces.map((piece) => piece.length)).toEqual([512, 256, 128, 104]);
  expect(pieces.flat()).toEqual(rows);
  expect(statementPieces([], () => 1)).toEqual([]);
});

test('[MSQ7] no statement has more bytes than a server takes, save for one row alone', () => {
  const sizes = [3 * MIB, MIB, MIB, 9 * MIB, 1, 2];
  const pieces = statementPieces(sizes, (bytes) => bytes);
  expect(pieces).toEqual([[3 * MIB, MIB], [MIB], [9 * MIB], [1, 2]]);
});
