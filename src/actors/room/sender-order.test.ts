import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { PostRun } from '../session/post-runs.ts';
import { SenderOrder } from './sender-order.ts';

describe('sender order', () => {
  test('[ROOM1] the posts of a run are accepted in their order and only once', () => {
    const order = new SenderOrder();
    expect(order.accepts('s', 1, 0)).toBe(true);
    expect(order.accepts('s', 1, 1)).toBe(true);
    expect(order.accepts('s', 1, 1)).toBe(false);
    expect(order.accepts('s', 1, 3)).toBe(false);
    expect(order.accepts('s', 1, 2)).toBe(true);
  });

  test('[ROOM1] after a refusal the rest of the run is refused, and the next run is accepted from its start', () => {
    const order = new SenderOrder();
    order.accepts('s', 1, 0);
    order.break('s');
    expect(order.accepts('s', 1, 1)).toBe(false);
    expect(order.accepts('s', 2, 1)).toBe(false);
    expect(order.accepts('s', 2, 0)).toBe(true);
  });

  test('[ROOM1] a session that the room does not know begins with the first post of a run', () => {
    const order = new SenderOrder();
    expect(order.accepts('s', 7, 4)).toBe(false);
    expect(order.accepts('s', 7, 0)).toBe(true);
  });

  test('[ROOM2] whatever is refused on the way, accepted posts keep the order of sending', () => {
    const lossy = fc.array(fc.record({ lost: fc.boolean(), answersBefore: fc.integer({ min: 0, max: 3 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(lossy, (posts) => {
        let runs = 0;
        const run = new PostRun(() => ++runs);
        const order = new SenderOrder();
        const answers: boolean[] = [];
        const accepted: number[] = [];
        for (const [index, { lost, answersBefore }] of posts.entries()) {
          for (const refused of answers.splice(0, answersBefore)) run.end(refused);
          const place = run.begin();
          if (place < 0) continue;
          const taken = !lost && order.accepts('s', run.run, place);
          if (taken) accepted.push(index);
          answers.push(!taken);
        }
        expect(accepted).toEqual([...accepted].sort((a, b) => a - b));
        // Nothing may be accepted between a lost post and its answer.
        for (const refused of answers.splice(0)) run.end(refused);
        const place = run.begin();
        expect(order.accepts('s', run.run, place)).toBe(true);
      }),
    );
  });
});
