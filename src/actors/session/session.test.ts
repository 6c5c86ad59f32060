import { expect, test } from 'bun:test';
import { decodeReplies } from '../../protocol/envelope.ts';
import { encodeRequest } from '../../protocol/frames/rpc.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { fanoutKind } from '../fanout/messages.ts';
import { personKind } from '../person/messages.ts';
import type { RoomView } from '../room/messages.ts';
import type { Sockets } from '../sockets.ts';
import { userKind } from '../user/messages.ts';
import { sessionKind } from './messages.ts';
import { session } from './session.ts';

const ANN = { user: { id: 'ann', username: 'Ann' }, device: 'd', createdAt: 0, expiresAt: 1 };
const viewOf = (room: string): RoomView => ({
  room,
  kind: 'group',
  title: room,
  seq: 3,
  change: 0,
  log: 'log',
  version: 1,
  read: 0,
  role: 'member',
});

test('[SES2] before the hello is answered the client is told of no room; what was entered meanwhile comes behind it', () => {
  const shard = new TestShard();
  const told: string[] = [];
  const sockets: Sockets = {
    send: (_, bytes) => {
      for (const reply of decodeReplies(bytes)) {
        told.push(reply.type === 'response' ? 'hello' : `${reply.params.event} ${reply.params.room}`);
      }
    },
    publish: () => undefined,
    subscribe: () => undefined,
    unsubscribe: () => undefined,
    close: () => undefined,
  };
  const user = new Probe(shard, userKind);
  new Probe(shard, personKind);
  const fanout = new Probe(shard, fanoutKind, pinnedId(0, 0));
  shard.register(sessionKind, session({ sockets, rate: undefined, hashToken: (token) => token }));
  const ref = shard.ref(sessionKind, pinnedId(0, 1));
  shard.tell(ref, { type: 'opened' });
  const hello = encodeRequest(1, 'hello', { token: 'ann.0123456789abcdef' });
  shard.tell(ref, { type: 'received', bytes: hello });
  user.expectAsk('attach').replyTo?.settle({ identity: ANN, rooms: ['slow'] }, undefined);
  const slow = fanout.expectAsk('join');
  shard.tell(ref, { type: 'room-entered', room: 'den' });
  fanout.expectNothing();
  expect(told).toEqual([]);

  slow.replyTo?.settle(viewOf('slow'), undefined);
  expect(fanout.expect('start').room).toBe('slow');
  const den = fanout.expectAsk('join');
  expect([den.message.room, ...told]).toEqual(['den', 'hello']);
  den.replyTo?.settle(viewOf('den'), undefined);
  expect(fanout.expect('start').room).toBe('den');
  expect(told).toEqual(['hello', 'joined den']);
});
