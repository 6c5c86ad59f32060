import { expect, test } from 'bun:test';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { userKind } from '../user/messages.ts';
import { roomKind } from './messages.ts';
import type { Member, RoomState } from './state.ts';
import { Tellings } from './tellings.ts';

const LOST = { code: 'unavailable', message: 'no answer', retryAfter: 500 };

/** A room that does nothing but tell its members of themselves. */
function bed() {
  const shard = new TestShard();
  const user = new Probe(shard, userKind);
  const members = new Map<string, Member>();
  const parts: { tellings?: Tellings } = {};
  shard.register(roomKind, (context) => {
    const tellings = new Tellings(context, { id: 'room', members } as unknown as RoomState);
    parts.tellings = tellings;
    return {
      receive: (message) => {
        if (message.type === 'join') members.set(message.user.id, {} as Member);
        else members.delete('ann');
        tellings.tell('ann');
      },
    };
  });
  const room = shard.ref(roomKind, 'room');
  const join = (): void => void shard.tell(room, { type: 'join', user: { id: 'ann', username: 'ann' } });
  const leave = (): void => void shard.tell(room, { type: 'leave', user: 'ann' });
  const answer = (type: 'entered' | 'left', fault?: typeof LOST): void => {
    const { message, replyTo } = user.expectAsk(type);
    expect(message.room).toBe('room');
    replyTo?.settle({}, fault);
    shard.settle();
  };
  return { shard, user, parts, join, leave, answer };
}

test('[ROOM5] a user is told of a membership until their actor has answered', () => {
  const { shard, user, parts, join, answer } = bed();
  join();
  for (let time = 0; time < 4; time++) {
    answer('entered', LOST);
    expect(parts.tellings?.idle).toBe(false);
    user.expectNothing();
    shard.advance(500);
  }
  answer('entered');
  expect(parts.tellings?.idle).toBe(true);
  shard.advance(60_000);
  user.expectNothing();
});

test('[ROOM5] what is told last is what is true, and one telling is under way at a time', () => {
  const { user, parts, join, leave, answer } = bed();
  join();
  leave();
  join();
  leave();
  answer('entered');
  answer('left');
  user.expectNothing();
  expect(parts.tellings?.idle).toBe(true);
});

test('[ROOM5] a telling that is tried again says what is true by then', () => {
  const { shard, parts, join, leave, answer } = bed();
  join();
  answer('entered', LOST);
  leave();
  shard.advance(500);
  answer('left');
  expect(parts.tellings?.idle).toBe(true);
});
