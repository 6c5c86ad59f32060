import { expect, test } from 'bun:test';
import { mentionsOfChange, mentionsOfMessage } from './mentions.ts';
import { encodeMessage } from './message.ts';
import { encodeNotification } from './rpc.ts';

const message = { room: 'r', seq: 1, from: 'ann', at: 1_700_000_000_000, nonce: 'n', body: Uint8Array.of(1) };
const change = { room: 'r', change: 1, seq: 1, from: 'ann', at: 1, nonce: 'n' };

test('[RDS6] a message speaks to those who stand beside its body, and to everybody where it says so', () => {
  expect(mentionsOfMessage(encodeMessage(message))).toEqual([]);
  expect(mentionsOfMessage(encodeMessage({ ...message, replyTo: 1 }))).toEqual([]);
  expect(mentionsOfMessage(encodeMessage({ ...message, mentions: ['bob', 'eve'] }))).toEqual(['bob', 'eve']);
  expect(mentionsOfMessage(encodeMessage({ ...message, mentions: ['bob'], mentionAll: true }))).toEqual(['bob', '*']);
  expect(mentionsOfMessage(encodeMessage({ ...message, mentionAll: true, files: ['f'] }))).toEqual(['*']);
  expect(mentionsOfMessage(new Uint8Array(0))).toEqual([]);
});

test('[RDS6] an edit says who is spoken to from now on, other changes say nothing of it', () => {
  const edited = { ...change, kind: 'edited', body: Uint8Array.of(1) } as const;
  expect(mentionsOfChange(encodeNotification('changed', { ...edited, mentions: ['bob'] }))).toEqual(['bob']);
  expect(mentionsOfChange(encodeNotification('changed', edited))).toEqual([]);
  expect(mentionsOfChange(encodeNotification('changed', { ...change, kind: 'recalled' }))).toBeUndefined();
  expect(mentionsOfChange(new Uint8Array(0))).toBeUndefined();
});
