import { expect, test } from 'bun:test';
import type { Changed, HistoryPage, Message } from '../../src/client/wire.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { Timeline, type TimelineClient } from './timeline.ts';

const body = encodeBody({ type: 'text', text: 'x' });
const message = (seq: number): Message => ({ room: 'r', seq, from: 'ann', at: seq, nonce: `${seq}`, body });
const reacted = (change: number, seq: number): Changed => ({
  ...{ room: 'r', change, seq, kind: 'reacted', from: 'ann', at: 1, reaction: '👍' },
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A timeline whose pages the test hands out one by one. */
function setUp() {
  const asked: { range: unknown; answer: (page: HistoryPage) => void }[] = [];
  const client: TimelineClient = {
    history: (_, wanted) => new Promise((answer) => asked.push({ range: wanted, answer })),
    pendingPosts: () => [],
    post: () => {
      throw new Error('nothing is posted here');
    },
  };
  const timeline = new Timeline(client, 'r', 'me');
  const answer = async (from: number, to: number, more: boolean, change = 0) => {
    asked.at(-1)?.answer({ messages: range(from, to).map(message), more, change });
    await Promise.resolve();
    await Promise.resolve();
  };
  return { timeline, asked, answer, seqs: () => timeline.messages.map(({ seq }) => seq) };
}

const counts = (timeline: Timeline) => timeline.messages.map(({ reactions }) => reactions?.[0]?.count ?? 0);

test('[WEB41] changes reach the messages that are loaded, also those that came while a page was under way', async () => {
  const { timeline, answer } = setUp();
  void timeline.loadOlder();
  timeline.change(reacted(5, 2));
  await answer(1, 3, false, 4);
  timeline.change(reacted(6, 3));
  expect(counts(timeline)).toEqual([0, 1, 1]);
});

test('[WEB41] changes that were skipped have the messages loaded anew', async () => {
  const { timeline, asked, answer } = setUp();
  void timeline.loadOlder();
  await answer(1, 3, false, 4);
  timeline.change(reacted(9, 2));
  expect(asked).toHaveLength(2);
  await answer(1, 3, false, 9);
  timeline.change(reacted(10, 2));
  expect(counts(timeline)).toEqual([0, 1, 0]);
});

test('[WEB42] around an older message the timeline grows both ways, until it ends at the newest', async () => {
  const { timeline, asked, answer, seqs } = setUp();
  void timeline.loadOlder();
  await answer(151, 200, true);
  void timeline.show(50);
  expect(asked.at(-1)?.range).toEqual({ around: 50, limit: 50 });
  await answer(25, 74, true);
  expect([timeline.focus, timeline.newer, timeline.more]).toEqual([50, true, true]);
  timeline.append(message(201));
  expect(seqs()).toEqual(range(25, 74));
  void timeline.loadNewer();
  await answer(75, 200, false);
  expect(timeline.newer).toBe(true);
  void timeline.loadNewer();
  await answer(201, 201, false);
  timeline.append(message(202));
  expect(seqs()).toEqual(range(25, 202));
});

test('[WEB42] a message that is loaded is shown without asking', async () => {
  const { timeline, asked, answer } = setUp();
  void timeline.loadOlder();
  await answer(1, 50, false);
  await timeline.show(7);
  expect([asked.length, timeline.focus]).toEqual([1, 7]);
});

test('[WEB43] what is hidden keeps its place, and nothing of what it was', async () => {
  const { timeline, answer, seqs } = setUp();
  void timeline.loadOlder();
  await answer(1, 3, false);
  timeline.hide([2]);
  expect(seqs()).toEqual([1, 2, 3]);
  expect(timeline.find(2)).toEqual({
    ...message(2),
    body: encodeBody({ type: 'system', event: 'hidden' }),
    hidden: true,
  });
});
