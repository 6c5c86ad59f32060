/** A room whose back ends are away, and come back. */
import { describe, expect, test } from 'bun:test';
import { evenPlacement, pinnedId } from '../../runtime/placement.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { MessageLogWriter } from '../../storage/ports/message-log.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { fanoutKind } from '../fanout/messages.ts';
import { governanceKind } from '../storage/governance.ts';
import { logWriter } from '../storage/log-writer.ts';
import { type LogWriterMessage, logWriterKind } from '../storage/log-writer-messages.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { peopleKind } from '../storage/people.ts';
import { persisterKind } from '../storage/persister.ts';
import { readingKind } from '../storage/reading.ts';
import { recordsKind } from '../storage/records.ts';
import { watermarks } from '../storage/watermark.ts';
import { userKind } from '../user/messages.ts';
import type { Ledger } from './ledger.ts';
import { type HistorySlice, type Posted, roomKind } from './messages.ts';
import { room } from './room.ts';
import { INITIAL_FIELDS } from './state.ts';

const AWAY = { code: 'unavailable', message: 'storage is not available', retryAfter: 1_000 };
const RECORD = { id: 'room', kind: 'group', title: '', log: 'log', version: 1, createdAt: 0 } as const;
const ANN = { user: 'ann', username: 'ann', role: 'owner', read: 0, joinedVersion: 1, joinedSeq: 0 } as const;

const GOVERNANCE = {
  fields: { ...INITIAL_FIELDS, title: '' },
  floor: 0,
  deletedAt: 0,
  createdAt: 0,
  mutes: [],
} as const;

/** A log whose appends are answered when the test says so. */
class HeldLog implements MessageLogWriter {
  readonly head = 0;
  appends = 0;
  readonly #held: (() => void)[] = [];

  append(): Promise<number> {
    this.appends += 1;
    const position = this.appends;
    return new Promise((resolve) => this.#held.push(() => resolve(position)));
  }

  async comeBack(): Promise<void> {
    for (const release of this.#held.splice(0)) release();
    await new Promise((resolve) => setImmediate(resolve));
  }

  close(): void {}
}

/** A room with one member, on a log writer of the engine's, or on one that answers as the test says. */
function bed({ held }: { readonly held?: HeldLog } = {}) {
  const shard = new TestShard({
    placement: evenPlacement(1, {
      records: 0,
      reading: 0,
      governance: 0,
      people: 0,
      'message-reader': 0,
      'log-writer': 0,
      persister: 0,
    }),
  });
  const records = new Probe(shard, recordsKind, 'all');
  const reader = new Probe(shard, messageReaderKind, 'all');
  const people = new Probe(shard, peopleKind, 'all');
  new Probe(shard, readingKind, 'all').answer('readingOf', () => ({ marked: [], hiders: [] }));
  new Probe(shard, governanceKind, 'all').answer('governance', () => GOVERNANCE);
  const users = new Probe(shard, userKind, 'ann');
  new Probe(shard, fanoutKind, pinnedId(0, 0));
  new Probe(shard, persisterKind, '0');
  users.answer('entered', () => ({}));
  people.answer('withoutReceipts', () => []);
  records.answer('room', () => RECORD);
  records.answer('members', () => [ANN]);
  records.answer('saveReads', () => undefined);
  reader.answer('head', () => ({ seq: 0, change: 0 }));
  const log = held === undefined ? new Probe(shard, logWriterKind, '0') : undefined;
  log?.answer('barrier', () => 0);
  if (held !== undefined)
    shard.register(
      logWriterKind,
      logWriter([held], () => true),
    );
  const gauges = watermarks(1);
  const ledger: Ledger = new Map();
  const tail = { maxMessages: 10, maxBytes: 10_000 };
  const windows = { editMs: 60_000, recallMs: 60_000 };
  const limits = { maxMembers: 10, maxRoomsPerUser: 10 };
  shard.register(
    roomKind,
    room({ ledger, homes: { epoch: 1, watermarks: gauges }, tail, receiptsUpTo: 100, limits, windows }),
  );
  const ref = shard.ref(roomKind, 'room');
  let run = 0;
  const post = (nonce: string, deadlineMs = 10_000): Promise<Reply<Posted>> => {
    const order = { session: 'session', run: run++, place: 0 };
    return shard.ask(ref, { type: 'post', user: 'ann', nonce, body: new Uint8Array(1), ...order }, deadlineMs);
  };
  const read = (): Promise<Reply<HistorySlice>> => {
    const reply = shard.ask(ref, { type: 'history', user: 'ann', limit: 10 }, 1_000);
    shard.advance(1_100);
    return reply;
  };
  return { shard, records, reader, log: log as Probe<LogWriterMessage>, gauges, post, read };
}

describe('opening', () => {
  test('[OUT11] a room that cannot be loaded says so at once, without failing, and opens by itself', async () => {
    const { shard, records, read } = bed();
    records.fail('members', AWAY);
    await read();
    for (let tries = 0; tries < 20; tries += 1) {
      expect(await read()).toMatchObject({ ok: false, fault: { code: 'unavailable', retryAfter: 2_000 } });
    }
    expect(shard.log.lines).toEqual([]);
    records.answer('members', () => [ANN]);
    shard.advance(5_000);
    expect(await read()).toMatchObject({ ok: true });
  });

  test('[OUT11] the pauses between two tries grow to seconds', async () => {
    const { shard, records, read } = bed();
    records.fail('room', AWAY);
    void read();
    shard.advance(60_000);
    const tries = records.waiting.filter(({ message }) => message.type === 'room').length;
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(35);
  });

  test('[OUT11] what can never be loaded is a failure, and logged', async () => {
    const { shard, records, read } = bed();
    records.fail('members', { code: 'internal', message: 'storage refused the request' });
    expect(await read()).toMatchObject({ ok: false });
    expect(shard.log.with('an actor failed').length).toBeGreaterThan(0);
  });

  test('[OUT11] a room that waits long for the store says so, and looks seldom', async () => {
    const { shard, log, gauges, read } = bed();
    log.answer('barrier', () => 7);
    void read();
    shard.advance(2_000);
    expect(await read()).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
    gauges[0]?.raise(7);
    shard.advance(250);
    expect(await read()).toMatchObject({ ok: true });
  });
});

describe('a log that is away', () => {
  test('[OUT12] however long it is away, the room goes on and can be read; then it learns from the store what was written', async () => {
    const held = new HeldLog();
    const { shard, reader, gauges, post, read } = bed({ held });
    void post('first');
    for (let minutes = 0; minutes < 10; minutes += 1) {
      shard.advance(60_000);
      expect(await read()).toMatchObject({ ok: true, value: { frames: [] } });
    }
    expect(held.appends).toBe(1);
    expect(shard.log.lines).toEqual([]);
    reader.answer('head', () => ({ seq: 1, change: 0 }));
    reader.answer('nonces', () => [{ nonce: 'first', seq: 1, at: 5 }]);
    await held.comeBack();
    gauges[0]?.raise(1);
    shard.advance(15_000);
    const again = post('first');
    shard.advance(1_000);
    expect(await again).toMatchObject({ ok: true, value: { seq: 1, at: 5 } });
    expect(held.appends).toBe(1);
    expect(shard.log.lines).toHaveLength(1);
  });

  test('[OUT12] an answer that was lost is found, and the room starts anew behind the barrier', async () => {
    const { shard, log, post } = bed();
    const lost = post('lost', 600_000);
    shard.advance(61_000);
    // One of each activation, and one in between to find out.
    const barriers = log.waiting.filter(({ message }) => message.type === 'barrier');
    expect(barriers).toHaveLength(3);
    expect(shard.log.with('an actor failed')).toHaveLength(1);
    shard.advance(600_000);
    expect(await lost).toMatchObject({ ok: false, fault: { code: 'unavailable' } });
  });

  test('[OUT13] who repeats a post is answered with all others who wait; those who have long given up are let go', async () => {
    const held = new HeldLog();
    const { shard, post } = bed({ held });
    const early = Array.from({ length: 20 }, () => post('same', 600_000));
    shard.advance(31_000);
    const late = Array.from({ length: 20 }, () => post('same', 600_000));
    shard.settle();
    for (const reply of early) {
      expect(await reply).toMatchObject({ ok: false, fault: { code: 'unavailable', retryAfter: 500 } });
    }
    await held.comeBack();
    shard.settle();
    for (const reply of late) expect(await reply).toMatchObject({ ok: true, value: { seq: 1 } });
  });
});
