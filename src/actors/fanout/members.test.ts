import { describe, expect, test } from 'bun:test';
import { decodeReplies } from '../../protocol/envelope.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { ledgerKind } from '../room/ledger.ts';
import { type RoomView, roomKind } from '../room/messages.ts';
import { sessionKind } from '../session/messages.ts';
import type { Sockets } from '../sockets.ts';
import { fanout } from './fanout.ts';
import { type FanoutMessage, fanoutKind } from './messages.ts';

const ROOM = 'room';
const ANN = 1;
const BOB = 2;
const VIEW = { room: ROOM } as RoomView;

/** What each socket got: native topics as the gate keeps them. */
class Wire implements Sockets {
  readonly got: Record<number, string[]> = { [ANN]: [], [BOB]: [] };
  readonly #subscribed = new Set<number>();

  send(socket: number, bytes: Uint8Array): void {
    for (const reply of decodeReplies(bytes)) {
      if (reply.type !== 'notification') continue;
      const { seq, event } = reply.params as { readonly seq?: number; readonly event?: string };
      this.got[socket]?.push(event ?? `seq ${seq}`);
    }
  }
  publish(_topic: string, bytes: Uint8Array): void {
    for (const socket of this.#subscribed) this.send(socket, bytes);
  }
  subscribe(socket: number): void {
    this.#subscribed.add(socket);
  }
  unsubscribe(socket: number): void {
    this.#subscribed.delete(socket);
  }
  close(): void {
    return;
  }
}

const frameOf = (seq: number): Uint8Array =>
  encodeMessage({ room: ROOM, seq, from: 'ann', at: 0, nonce: `${seq}`, body: new Uint8Array(1) });

/** A thread that serves Ann and Bob, members at version 2; the room stands at seq 1. */
function bed() {
  const shard = new TestShard();
  const wire = new Wire();
  shard.register(fanoutKind, fanout({ sockets: wire, maxReplay: 100 }));
  const room = new Probe(shard, roomKind);
  const session = new Probe(shard, sessionKind, pinnedId(0, 0));
  new Probe(shard, ledgerKind, pinnedId(0, 0));
  const ref = shard.ref(fanoutKind, pinnedId(0, 0));
  const tell = (message: FanoutMessage): void => {
    shard.tell(ref, message);
    shard.settle();
  };
  tell({ type: 'join', session: ANN, user: 'ann', room: ROOM });
  tell({ type: 'join', session: BOB, user: 'bob', room: ROOM });
  const attached = (users: readonly (RoomView | null)[], seq: number, version: number): void => {
    const { replyTo } = room.expectAsk('attach');
    replyTo?.settle({ views: users, seq, change: 0, version }, undefined);
    shard.settle();
  };
  attached([VIEW], 1, 2);
  attached([VIEW, VIEW], 1, 2);
  for (const session of [ANN, BOB]) tell({ type: 'start', session, room: ROOM, after: 1 });
  const deliver = (seq: number, version: number): void =>
    tell({ type: 'deliver', room: ROOM, seq, version, frame: frameOf(seq) });
  const history = (firstSeq: number, seqs: readonly number[], version: number): void => {
    const { replyTo } = room.expectAsk('history');
    replyTo?.settle({ frames: seqs.map(frameOf), firstSeq, more: false, change: 0, version }, undefined);
    shard.settle();
  };
  return { shard, wire, room, session, tell, attached, deliver, history };
}

describe('a removal that was lost on its way', () => {
  test('[FAN3] what comes after it reaches nobody until the room was asked; who is no member is cut off and told', () => {
    const { wire, session, attached, deliver, history } = bed();
    deliver(2, 2);
    deliver(3, 3);
    expect(wire.got).toEqual({ [ANN]: ['seq 2'], [BOB]: ['seq 2'] });
    attached([null, VIEW], 3, 3);
    session.expect('room-left');
    expect(wire.got).toEqual({ [ANN]: ['seq 2', 'left'], [BOB]: ['seq 2', 'updated'] });
    history(3, [3], 3);
    expect(wire.got).toEqual({ [ANN]: ['seq 2', 'left'], [BOB]: ['seq 2', 'updated', 'seq 3'] });
  });

  test('[FAN3] history that closes a hole does not bring later messages past it', () => {
    const { wire, room, attached, deliver, history } = bed();
    deliver(3, 2);
    history(2, [2, 3, 4], 3);
    expect(wire.got).toEqual({ [ANN]: [], [BOB]: [] });
    attached([null, VIEW], 4, 3);
    history(2, [2, 3, 4], 3);
    expect(wire.got).toEqual({ [ANN]: ['left'], [BOB]: ['updated', 'seq 2', 'seq 3', 'seq 4'] });
    room.expectNothing();
  });

  test('[FAN3] a receipt, or a later change, does not hide it', () => {
    for (const change of [false, true]) {
      const { wire, tell, attached } = bed();
      const frame = encodeNotification('read', { room: ROOM, user: 'bob', seq: 1 });
      tell({ type: 'announce', room: ROOM, version: change ? 4 : 3, change, frame });
      expect(wire.got).toEqual({ [ANN]: [], [BOB]: [] });
      attached([null, VIEW], 1, 4);
      expect(wire.got).toEqual({ [ANN]: ['left'], [BOB]: ['updated'] });
    }
  });

  test('[FAN6] who is removed before their frames begin is told by their session, behind what it told before', () => {
    for (const lost of [false, true]) {
      const { wire, session, tell, attached } = bed();
      const CAL = 3;
      tell({ type: 'join', session: CAL, user: 'cal', room: ROOM });
      attached([VIEW, VIEW, VIEW], 1, 3);
      wire.got[CAL] = [];
      const frame = encodeNotification('room', { room: ROOM, event: 'left', version: 4, user: 'cal', username: 'cal' });
      if (lost) {
        tell({ type: 'deliver', room: ROOM, seq: 2, version: 4, frame: frameOf(2) });
        attached([VIEW, VIEW, null], 2, 4);
      } else tell({ type: 'removed', room: ROOM, user: 'cal', version: 4, frame });
      const left = session.expect('room-left');
      expect(decodeReplies(left.frame ?? new Uint8Array(0))).toMatchObject([
        { params: { event: 'left', user: 'cal' } },
      ]);
      expect(wire.got[CAL]).toEqual([]);
    }
  });

  test('[FAN7] frames begin once, however often the session asks for it', async () => {
    const { shard, wire, deliver } = bed();
    const ref = shard.ref(fanoutKind, pinnedId(0, 0));
    const again = shard.ask(ref, { type: 'start', session: ANN, room: ROOM, after: 0 });
    expect(await again).toEqual({ ok: true, value: {} });
    deliver(2, 2);
    expect(wire.got).toEqual({ [ANN]: ['seq 2'], [BOB]: ['seq 2'] });
  });

  test('[FAN4] a removal that is known already cuts off nobody: the user may have come back since', () => {
    const { wire, room, tell, deliver } = bed();
    const frame = encodeNotification('room', { room: ROOM, event: 'left', version: 2, user: 'ann', username: 'ann' });
    tell({ type: 'removed', room: ROOM, user: 'ann', version: 2, frame });
    deliver(2, 2);
    expect(wire.got).toEqual({ [ANN]: ['seq 2'], [BOB]: ['seq 2'] });
    room.expectNothing();
  });
});
