import { describe, expect, test } from 'bun:test';
import { Tail } from './tail.ts';

const entry = (seq: number, position: number, sender = 'ann') => ({
  seq,
  sender,
  nonce: `n${seq}`,
  at: seq,
  frame: new Uint8Array([seq]),
  position,
});

function filled(count: number, persisted: number, maxMessages: number): Tail {
  const tail = new Tail({ maxMessages, maxBytes: 1_000_000 });
  for (let seq = 1; seq <= count; seq++) tail.push(entry(seq, seq), persisted);
  return tail;
}

describe('tail', () => {
  test('[ROOM4] what the store does not have is kept, however much it is', () => {
    const tail = filled(300, 0, 10);
    expect(tail.firstSeq).toBe(1);
    expect(tail.lastPosition).toBe(300);
  });

  test('[ROOM4] of what the store has only the newest are kept', () => {
    const tail = filled(300, 1_000, 10);
    expect(tail.firstSeq).toBe(291);
    expect(tail.frames(295, 297).map((frame) => frame[0])).toEqual([295 & 255, 296 & 255, 297 & 255]);
  });

  test('[ROOM4] bytes are bounded as messages are', () => {
    const tail = new Tail({ maxMessages: 1_000, maxBytes: 5 });
    for (let seq = 1; seq <= 20; seq++) tail.push(entry(seq, seq), 1_000);
    expect(tail.firstSeq).toBe(16);
  });

  test('[ROOM4] an empty tail begins nowhere, and the posts of one sender are found', () => {
    const tail = new Tail({ maxMessages: 10, maxBytes: 1_000 });
    expect(tail.firstSeq).toBe(Number.POSITIVE_INFINITY);
    tail.push(entry(1, 1, 'ann'), 0);
    tail.push(entry(2, 1, 'bob'), 0);
    expect(tail.entriesOf('bob').map((post) => post.seq)).toEqual([2]);
  });
});
