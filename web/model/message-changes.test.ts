import { expect, test } from 'bun:test';
import type { Changed, Message } from '../../src/client/wire.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { withChange } from './message-changes.ts';

const body = (text: string) => encodeBody({ type: 'text', text });
const message: Message = { room: 'r', seq: 1, from: 'ann', at: 1, nonce: 'n', body: body('first'), mentions: ['me'] };
const changed = (change: number, rest: Partial<Changed>): Changed => ({
  room: 'r',
  seq: 1,
  change,
  kind: 'reacted',
  from: 'ann',
  at: 9,
  ...rest,
});
const after = (...changes: Changed[]) => changes.reduce((before, change) => withChange(before, change, 'me'), message);

test('[WEB40] an edit replaces text and mentions, and says when', () => {
  const edited = after(changed(1, { kind: 'edited', body: body('second') }));
  const { mentions: _, ...rest } = message;
  expect(edited).toEqual({ ...rest, body: body('second'), edited: 9, change: 1 });
});

test('[WEB40] a recall leaves a stub, and nothing of what was there', () => {
  const recalled = after(
    changed(1, { reaction: '👍' }),
    changed(2, { kind: 'pinned', pinned: true }),
    changed(3, { kind: 'recalled' }),
  );
  expect(recalled).toEqual({
    ...{ room: 'r', seq: 1, from: 'ann', at: 1, nonce: 'n', change: 3, recalled: true },
    body: encodeBody({ type: 'system', event: 'recalled' }),
  });
});

test('[WEB40] reactions are counted, the own ones known, and gone with the last who takes theirs back', () => {
  const both = after(
    changed(1, { reaction: '👍' }),
    changed(2, { reaction: '👍', from: 'me' }),
    changed(3, { reaction: '🎉' }),
  );
  expect(both.reactions).toEqual([
    { reaction: '👍', count: 2, mine: true },
    { reaction: '🎉', count: 1 },
  ]);
  const fewer = [
    changed(4, { reaction: '👍', from: 'me', remove: true }),
    changed(5, { reaction: '🎉', remove: true }),
  ].reduce((before, change) => withChange(before, change, 'me'), both);
  expect(fewer.reactions).toEqual([{ reaction: '👍', count: 1 }]);
  expect(withChange(fewer, changed(6, { reaction: '👍', remove: true }), 'me').reactions).toBeUndefined();
});

test('[WEB40] a change that the message has already changes nothing', () => {
  const once = after(changed(4, { reaction: '👍' }));
  expect(withChange(once, changed(4, { reaction: '👍' }), 'me')).toBe(once);
  expect(withChange(once, changed(3, { kind: 'pinned', pinned: true }), 'me')).toBe(once);
});
