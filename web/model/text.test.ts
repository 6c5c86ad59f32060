import { expect, test } from 'bun:test';
import { MailroomError } from '../../src/client/errors.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { dayName, explain, initials, shownText, toneOf } from './text.ts';

test('[WEB13] days are named as people name them', () => {
  const now = new Date(2026, 0, 2, 0, 30).getTime();
  expect(dayName(new Date(2026, 0, 2, 23).getTime(), now)).toBe('Today');
  expect(dayName(new Date(2026, 0, 1, 23, 59).getTime(), now)).toBe('Yesterday');
  expect(dayName(new Date(2025, 11, 24).getTime(), now)).toContain('2025');
});

test.each([
  ['ann', 'AN'],
  ['bob.miller', 'BM'],
  ['Weekend hike', 'WH'],
  ['x', 'X'],
  ['', '?'],
  ['日本', '日本'],
])('[WEB14] the avatar of "%s" says %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});

test('[WEB14] a tone belongs to its id', () => {
  expect(toneOf('user-1')).toBe(toneOf('user-1'));
  expect(new Set(Array.from({ length: 100 }, (_, index) => toneOf(`user-${index}`))).size).toBe(8);
});

test('[WEB15] a body that is no text is told apart from one that is', () => {
  expect(shownText(encodeBody({ type: 'text', text: 'hello' }))).toBe('hello');
  expect(shownText(encodeBody({ type: 'x-poll', question: '?' }))).toBe('This message cannot be shown here.');
  expect(shownText(Uint8Array.of(0xc1))).toBe('This message cannot be shown here.');
});

test('[WEB16] errors are explained, with the words of the place first', () => {
  const error = new MailroomError('not_found', 'no such user');
  expect(explain(error, { not_found: 'Nobody here has this name.' })).toBe('Nobody here has this name.');
  expect(explain(error)).toBe('There is nothing by that name.');
  expect(explain(new MailroomError('invalid', 'the password is too short'))).toBe('The password is too short');
});
