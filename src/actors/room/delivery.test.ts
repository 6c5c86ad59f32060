import { expect, test } from 'bun:test';
import { pinnedId } from '../../runtime/placement.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { fanoutKind } from '../fanout/messages.ts';
import { Delivery } from './delivery.ts';
import { LEASE_MS, type Ledger, LedgerEntry, ledgerActor, ledgerKind } from './ledger.ts';
import { roomKind } from './messages.ts';

/** A room that does nothing but deliver: it attaches whom it is asked to, and any post is a message for all. */
function bed() {
  const shard = new TestShard();
  const entry = new LedgerEntry();
  const ledger: Ledger = new Map([['room', entry]]);
  const fanout = new Probe(shard, fanoutKind, pinnedId(0, 0));
  shard.register(ledgerKind, ledgerActor(ledger));
  shard.register(roomKind, (context) => {
    const delivery = new Delivery(context, entry);
    return {
      receive: (message) => {
        if (message.type === 'attach') delivery.attach(message.thread);
        else delivery.send({ type: 'deliver', room: 'room', seq: 1, version: 1, frame: new Uint8Array(1) });
      },
    };
  });
  const room = shard.ref(roomKind, 'room');
  const attach = (): void => void shard.tell(room, { type: 'attach', thread: 0, users: [] });
  const send = (): void => void shard.tell(room, { type: 'leave', user: 'whoever' });
  const renew = (): void => {
    const topics = [{ room: 'room', seq: 0, change: 0, version: 0 }];
    shard.tell(shard.ref(ledgerKind, pinnedId(0, 0)), { type: 'renew', thread: 0, topics });
  };
  return { shard, fanout, attach, send, renew };
}

test('[FAN5] a thread that renews its lease is sent everything; one that does not is sent nothing more', () => {
  const { shard, fanout, attach, send, renew } = bed();
  attach();
  for (let second = 0; second < 20; second++) {
    shard.advance(1_000);
    renew();
    send();
    fanout.expect('deliver');
  }
  shard.advance(LEASE_MS);
  send();
  fanout.expectNothing();
});

test('[FAN5] one that comes back is told to attach again', () => {
  const { shard, fanout, attach, send, renew } = bed();
  attach();
  shard.advance(LEASE_MS);
  send();
  renew();
  const { differing } = fanout.expect('lease-answer');
  expect(differing).toEqual([{ room: 'room', unknown: true, seq: 0, change: 0, version: 0 }]);
  attach();
  send();
  fanout.expect('deliver');
});
