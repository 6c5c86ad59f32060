import { expect, test } from 'bun:test';
import type { Message } from '../../src/client/wire.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { rowsOf } from './rows.ts';

const noon = new Date(2026, 4, 14, 12).getTime();
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const message = (seq: number, from: string, at: number): Message => ({
  room: 'r',
  seq,
  from,
  at,
  nonce: `${seq}`,
  body: encodeBody({ type: 'text', text: `${seq}` }),
});

const shapes = (rows: ReturnType<typeof rowsOf>) =>
  rows.map((row) =>
    row.kind === 'message' ? `${row.first ? '[' : ''}${row.message.seq}${row.last ? ']' : ''}` : row.label,
  );

test('[WEB10] each day begins with its name', () => {
  const messages = [message(1, 'a', noon - dayMs), message(2, 'a', noon), message(3, 'a', noon + minuteMs)];
  expect(shapes(rowsOf(messages, 'me', 3, noon))).toEqual(['Yesterday', '[1]', 'Today', '[2', '3]']);
});

test('[WEB11] messages of one sender stand together until somebody else writes or five minutes pass', () => {
  const messages = [
    message(1, 'a', noon),
    message(2, 'a', noon + minuteMs),
    message(3, 'b', noon + 2 * minuteMs),
    message(4, 'b', noon + 8 * minuteMs),
  ];
  expect(shapes(rowsOf(messages, 'me', 4, noon))).toEqual(['Today', '[1', '2]', '[3]', '[4]']);
});

test('[WEB12] one line stands above what others wrote since the user last read', () => {
  const messages = [1, 2, 3, 4].map((seq) => message(seq, 'a', noon + seq));
  expect(shapes(rowsOf(messages, 'me', 2, noon))).toEqual(['Today', '[1', '2', 'New', '[3', '4]']);
});

test('[WEB12] there is no such line in a room that is new as a whole, nor above own messages', () => {
  expect(shapes(rowsOf([message(1, 'a', noon)], 'me', 0, noon))).toEqual(['Today', '[1]']);
  expect(shapes(rowsOf([message(1, 'a', noon), message(2, 'me', noon)], 'me', 1, noon))).toEqual([
    'Today',
    '[1]',
    '[2]',
  ]);
});
