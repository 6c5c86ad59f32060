import { expect, test } from 'bun:test';
import type { LogRecord } from '../../ports/log-record.ts';
import { NONCE_WINDOW, needsWindow, Plan, senderKey } from './plan.ts';

function post(seq: number, nonce = `nonce ${seq}`, sender = 'ann'): LogRecord {
  const frame = Uint8Array.of(seq % 256);
  return { stream: 'messages', slot: 1, epoch: 1, room: 'room', seq, sender, nonce, at: seq, frame };
}

const current = (record: LogRecord) => ({ record, isOutdated: false });

test('[MSQ5] a nonce within the window is refused, and beyond it is stored beside its first use', () => {
  const last = Array.from({ length: NONCE_WINDOW }, (_, index) => ({ seq: index + 2, nonce: `nonce ${index + 2}` }));
  const plan = new Plan([], [post(1), post(2)], new Map([[senderKey(post(1)), last]]));
  plan.place(current(post(1_002, 'nonce 2')));
  plan.place(current(post(1_003, 'nonce 1')));
  // The one before has pushed nonce 2 out of the window.
  plan.place(current(post(1_004, 'nonce 2')));
  plan.place(current(post(1_005)));
  expect(plan.outcomes).toEqual([{ refused: 'the nonce belongs to seq 2' }, 'stored', 'stored', 'stored']);
  expect(plan.again.map(({ seq, nonce }) => [seq, nonce])).toEqual([
    [1_002, ''],
    [1_003, 'nonce 1'],
    [1_004, 'nonce 2'],
  ]);
  expect(plan.rows.map(({ seq }) => seq)).toEqual([1_005]);
});

test('[MSQ5] a placeholder does not count among the posts of its sender', () => {
  const last = Array.from({ length: NONCE_WINDOW }, (_, index) => ({ seq: index + 1, nonce: `nonce ${index + 1}` }));
  const plan = new Plan([], [post(1)], new Map([[senderKey(post(1)), last]]));
  for (const seq of [1_001, 1_002]) plan.place(current(post(seq, 'nonce 1')));
  for (const outcome of plan.outcomes) expect(outcome).toEqual({ refused: 'the nonce belongs to seq 1' });
});

test('[MSQ5] a post that arrives late takes its place among those of its sender', () => {
  const last = Array.from({ length: NONCE_WINDOW }, (_, index) => ({ seq: index + 11, nonce: `nonce ${index + 11}` }));
  const plan = new Plan([], [], new Map([[senderKey(post(1)), last]]));
  plan.place(current(post(5)));
  // Its seq is below the window's, so that its nonce is free at once.
  plan.place(current(post(2_000, 'nonce 5')));
  expect(plan.outcomes).toEqual(['stored', 'stored']);
  expect(plan.again.map(({ seq }) => seq)).toEqual([2_000]);
});

test('[MSQ2] what the plan itself stores is compared with like what was there', () => {
  const plan = new Plan([post(1)], [], new Map());
  for (const record of [post(1), post(2), post(2), post(2, 'other')]) plan.place(current(record));
  plan.place({ record: post(2), isOutdated: true });
  plan.place({ record: post(3), isOutdated: true });
  expect(plan.outcomes).toEqual([
    'repeated',
    'stored',
    'repeated',
    { refused: 'another record has this seq' },
    'repeated',
    'outdated',
  ]);
  expect(plan.rows.map(({ seq }) => seq)).toEqual([2]);
});

test('[MSQ5] a window is needed of who has used a nonce before, here or in the store', () => {
  const records = [post(1, 'a'), post(2, 'a'), post(3, 'b', 'bob'), post(4, 'c', 'cid')];
  const senders = needsWindow(records, [post(9, 'c', 'cid')]).map(({ sender }) => sender);
  expect(senders.toSorted()).toEqual(['ann', 'cid']);
});
