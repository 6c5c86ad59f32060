import { describe, expect, test } from 'bun:test';
import { decodeReplies } from '../../protocol/envelope.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { ledgerKind } from '../room/ledger.ts';
import { type RoomView, roomKind } from '../room/messages.ts';
import { sessionKind } from '../session/messages.ts';
import type { Sockets } from '../sockets.ts';
import { fanout } from './fanout.ts';
import { type FanoutMessage, fanoutKind } from './messages.ts';

const ROOM = 'room';
/** A publish to so many takes longer than a millisecond, and the longest gathering is for a thousand of them. */
const LARGE = 250;
const SMALL = 100;

/** What left for the sockets, with the moment at which it did. */
class SocketLog implements Sockets {
  readonly published: { readonly atMs: number; readonly seqs: readonly unknown[] }[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  publish(_topic: string, bytes: Uint8Array): void {
    const seqs = decodeReplies(bytes).map((reply) => (reply.type === 'notification' ? reply.params.seq : undefined));
    this.published.push({ atMs: this.#nowMs(), seqs });
  }

  send(): void {}
  subscribe(): void {}
  unsubscribe(): void {}
  close(): void {}
}

const VIEW = { room: ROOM } as RoomView;

class Bed {
  readonly shard = new TestShard();
  readonly sockets = new SocketLog(() => this.shard.clock.monotonicMs());
  readonly fanout: Ref<FanoutMessage>;
  #seq = 0;

  constructor(subscribers: number) {
    const { shard } = this;
    shard.register(fanoutKind, fanout({ sockets: this.sockets, maxReplay: 500 }));
    new Probe(shard, roomKind).answer('attach', ({ users }) => ({ views: users.map(() => VIEW), seq: 0, version: 0 }));
    new Probe(shard, ledgerKind, pinnedId(0, 0));
    new Probe(shard, sessionKind, pinnedId(0, 0));
    this.fanout = shard.ref(fanoutKind, pinnedId(0, 0));
    const sessions = Array.from({ length: subscribers }, (_, index) => index + 1);
    for (const session of sessions) this.#tell({ type: 'join', session, user: `user-${session}`, room: ROOM });
    shard.settle();
    for (const session of sessions) this.#tell({ type: 'start', session, room: ROOM, after: 0 });
    shard.settle();
  }

  /** The room's next message. */
  deliver(): void {
    const seq = ++this.#seq;
    const message = { room: ROOM, seq, from: 'ann', at: 0, nonce: `${seq}`, body: new Uint8Array(1) };
    this.shard.tell(this.fanout, {
      type: 'deliver',
      room: ROOM,
      seq,
      version: 0,
      frame: encodeNotification('message', message),
    });
    this.shard.settle();
  }

  get seqs(): (readonly unknown[])[] {
    return this.sockets.published.map(({ seqs }) => seqs);
  }

  get waits(): number[] {
    return this.sockets.published.map(({ atMs }) => atMs);
  }

  #tell(message: FanoutMessage): void {
    this.shard.tell(this.fanout, message);
  }
}

describe('gathering', () => {
  test('[FAN2] a large room that was quiet publishes at once, and what follows close upon it leaves in one go', () => {
    const bed = new Bed(LARGE);
    bed.deliver();
    expect(bed.seqs).toEqual([[1]]);
    for (const _ of [2, 3, 4]) bed.deliver();
    expect(bed.seqs).toEqual([[1]]);
    bed.shard.advance(1.9);
    expect(bed.seqs).toEqual([[1]]);
    bed.shard.advance(0.1);
    expect(bed.seqs).toEqual([[1], [2, 3, 4]]);
  });

  test('[FAN2] a busy room goes on in steps of one gathering, and none of its messages waits longer', () => {
    const bed = new Bed(LARGE);
    for (let step = 0; step < 8; step++) {
      bed.deliver();
      bed.shard.advance(1);
    }
    bed.shard.advance(2);
    expect(bed.seqs.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(bed.waits).toEqual([0, 3, 5, 7, 9]);
  });

  test('[FAN2] once it was quiet for seven gatherings it publishes at once again', () => {
    const bed = new Bed(LARGE);
    bed.deliver();
    bed.shard.advance(14);
    bed.deliver();
    expect(bed.seqs).toEqual([[1]]);
    bed.shard.advance(2);
    bed.shard.advance(14.5);
    bed.deliver();
    expect(bed.seqs).toEqual([[1], [2], [3]]);
  });

  test('[FAN2] a small room never waits', () => {
    const bed = new Bed(SMALL);
    for (const _ of [1, 2, 3]) bed.deliver();
    expect(bed.seqs).toEqual([[1], [2], [3]]);
    expect(bed.waits).toEqual([0, 0, 0]);
  });

  test('[FAN2] however large the room, nothing waits longer than 8 ms', () => {
    const bed = new Bed(2_000);
    bed.deliver();
    bed.deliver();
    bed.shard.advance(7.9);
    expect(bed.seqs).toEqual([[1]]);
    bed.shard.advance(0.1);
    expect(bed.seqs).toEqual([[1], [2]]);
  });

  test('[FAN2] who joins or leaves a busy room does not let its order break: what was gathered leaves first', () => {
    const bed = new Bed(LARGE);
    bed.deliver();
    bed.deliver();
    bed.shard.tell(bed.fanout, { type: 'part', session: 1, room: ROOM });
    bed.shard.settle();
    expect(bed.seqs).toEqual([[1], [2]]);
    bed.shard.advance(8);
    expect(bed.seqs).toEqual([[1], [2]]);
  });
});
