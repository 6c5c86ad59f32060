/** What every message store does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ChangeEffect, LogRecord } from '../../src/storage/ports/log-record.ts';
import type { Fence } from '../../src/storage/ports/message-log.ts';
import type {
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  InsertBatch,
  InsertReport,
  MessageStoreReader,
  MessageStoreWriter,
  StatesQuery,
} from '../../src/storage/ports/message-store.ts';
import { faultOf } from './fault-of.ts';
import { MemoryMessageStore } from './memory-message-store.ts';

/** One empty store. Both sides may be opened again after they were closed; the writer is opened first. */
export interface StoreDriver extends AsyncDisposable {
  openWriter(): MessageStoreWriter | Promise<MessageStoreWriter>;
  openReader(): MessageStoreReader | Promise<MessageStoreReader>;
}

/** A store with both sides open. */
interface OpenStore extends AsyncDisposable {
  writer: MessageStoreWriter;
  reader: MessageStoreReader;
  reopen(): Promise<void>;
}

async function open(makeDriver: () => StoreDriver | Promise<StoreDriver>): Promise<OpenStore> {
  const driver = await makeDriver();
  const store: OpenStore = {
    writer: await driver.openWriter(),
    reader: await driver.openReader(),
    async reopen() {
      await store.reader.close();
      await store.writer.close();
      store.writer = await driver.openWriter();
      store.reader = await driver.openReader();
    },
    async [Symbol.asyncDispose]() {
      await store.reader.close();
      await store.writer.close();
      await driver[Symbol.asyncDispose]();
    },
  };
  return store;
}

const frameOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textsOf = (page: HistoryPage): string[] => page.frames.map((frame) => new TextDecoder().decode(frame));

function post(seq: number, overrides: Partial<LogRecord> = {}): LogRecord {
  return {
    stream: 'messages',
    slot: 7,
    epoch: 1,
    room: 'room',
    seq,
    sender: 'ann',
    nonce: `nonce ${seq}`,
    at: 1_700_000_000_000 + seq,
    frame: frameOf(`frame ${seq}`),
    ...overrides,
  };
}

/** A stretch of the first partition. */
function batch(records: readonly LogRecord[], position: number, fence?: Fence): InsertBatch {
  return { partition: 0, position, records, ...(fence === undefined ? {} : { fence }) };
}

/** A change of message `seq`, whose state says which change made it. */
function change(number: number, seq: number, effect: Partial<ChangeEffect> = {}): LogRecord {
  const state = frameOf(`state ${number}`);
  return post(number, {
    stream: 'changes',
    frame: frameOf(`change ${number}`),
    effect: { seq, state, recalls: false, pinned: false, ...effect },
  });
}

const posts = (count: number): LogRecord[] => Array.from({ length: count }, (_, index) => post(index + 1));
const newest: HistoryQuery = { room: 'room', limit: 50, maxBytes: 1 << 30 };

export function messageStoreContract(name: string, makeDriver: () => StoreDriver | Promise<StoreDriver>): void {
  describe(`message store: ${name}`, () => {
    insertRules(() => open(makeDriver));
    refusalRules(() => open(makeDriver));
    readRules(() => open(makeDriver));
    mentionRules(() => open(makeDriver));
    changeRules(() => open(makeDriver));

    test('[STORE1] any sequence of inserts and reads agrees with the reference model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          await using store = await open(makeDriver);
          const model = new MemoryMessageStore();
          for (const next of steps) {
            if (next === 'reopen') await store.reopen();
            else {
              const batch = withChangesInOrder(next, model);
              expect(summary(await store.writer.insert(batch))).toEqual(summary(model.insert(batch)));
            }
            await expectEqualReads(store.reader, model);
          }
        }),
        { numRuns: 40 },
      );
    });
  });
}

function insertRules(openStore: () => Promise<OpenStore>): void {
  test('[STORE2] what was inserted is there when the store is opened again, with its progress', async () => {
    await using store = await openStore();
    expect(await store.writer.persisted(0)).toBe(0);
    expect(await store.writer.insert(batch(posts(3), 7))).toEqual({
      inserted: 3,
      repeated: 0,
      outdated: 0,
      refused: [],
    });
    await store.reopen();
    expect(await store.writer.persisted(0)).toBe(7);
    expect(await store.reader.head('room')).toEqual({ seq: 3, change: 0 });
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2', 'frame 3']);
  });

  test('[STORE2] progress moves without records and never goes back', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([], 9));
    await store.writer.insert(batch(posts(1), 4));
    expect(await store.writer.persisted(0)).toBe(9);
  });

  test('[STORE3] a batch that is inserted twice counts as repeated and changes nothing', async () => {
    await using store = await openStore();
    await store.writer.insert(batch(posts(5), 1));
    expect(await store.writer.insert(batch([...posts(5), post(6)], 2))).toEqual({
      inserted: 1,
      repeated: 5,
      outdated: 0,
      refused: [],
    });
    expect((await store.reader.history(newest)).frames).toHaveLength(6);
  });

  test('[STORE2] each partition has a progress of its own', async () => {
    await using store = await openStore();
    await store.writer.insert({ partition: 3, position: 2 ** 40, records: posts(1) });
    await store.writer.insert(batch([post(2)], 5));
    await store.reopen();
    const found = [];
    for (const partition of [0, 1, 3]) found.push(await store.writer.persisted(partition));
    expect(found).toEqual([5, 0, 2 ** 40]);
  });

  test('[STORE20] epochs are claimed once each, also when the store is opened again', async () => {
    await using store = await openStore();
    expect(await store.writer.claimEpoch()).toBe(1);
    expect(await store.writer.claimEpoch()).toBe(2);
    await store.reopen();
    expect(await store.writer.claimEpoch()).toBe(3);
  });

  test('[STORE4] changes are a stream of their own beside the messages', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([post(1), post(1, { stream: 'changes' }), post(2, { stream: 'changes' })], 1));
    expect(await store.reader.head('room')).toEqual({ seq: 1, change: 2 });
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1']);
    expect(await store.reader.nonces('room', 'ann', 10)).toHaveLength(1);
  });

  test('[STORE5] ids and nonces that differ in case, accent or padding only are different', async () => {
    await using store = await openStore();
    const names = ['abc', 'ABC', 'abc ', 'äbc', 'a\u0308bc', '\ufeffabc'];
    const records = names.flatMap((room) =>
      names.flatMap((sender, s) => names.map((nonce, n) => post(s * 6 + n + 1, { room, sender, nonce }))),
    );
    expect(await store.writer.insert(batch(records, 1))).toEqual({
      inserted: 216,
      repeated: 0,
      outdated: 0,
      refused: [],
    });
    for (const room of names) {
      expect(await store.reader.head(room)).toEqual({ seq: 36, change: 0 });
      for (const sender of names) {
        expect((await store.reader.nonces(room, sender, 10)).map((known) => known.nonce)).toEqual(names);
      }
    }
  });

  test('[STORE6] the largest body comes back byte for byte', async () => {
    await using store = await openStore();
    const frame = new Uint8Array(64 * 1024 + 512).map((_, index) => (index * 31) % 256);
    await store.writer.insert(batch([post(1, { nonce: 'n'.repeat(64), frame })], 1));
    const page = await store.reader.history(newest);
    expect(Buffer.compare(page.frames[0] ?? new Uint8Array(0), frame)).toBe(0);
  });
}

function refusalRules(openStore: () => Promise<OpenStore>): void {
  test('[STORE7] a record that contradicts a stored one is refused and the stored one stays', async () => {
    await using store = await openStore();
    await store.writer.insert(batch(posts(1), 1));
    const contradictions = [
      post(1, { frame: frameOf('another') }),
      post(1, { nonce: 'another' }),
      post(1, { sender: 'bob' }),
    ];
    const report = await store.writer.insert(batch([...contradictions, post(2)], 2));
    expect(report.inserted).toBe(1);
    expect(report.refused.map((refusal) => refusal.record)).toEqual(contradictions);
    for (const refusal of report.refused) expect(refusal.reason).toContain('seq');
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2']);
    expect(await store.writer.persisted(0)).toBe(2);
  });

  test('[STORE8] behind a fence, records of its slots with a lower epoch are dropped and leave their seqs free', async () => {
    await using store = await openStore();
    await store.writer.insert(batch(posts(1), 1));
    const late = post(2, { epoch: 4, frame: frameOf('late') });
    const report = await store.writer.insert(batch([late, post(2, { epoch: 5 })], 2, { epoch: 5, slots: [3, 7] }));
    expect(report).toEqual({ inserted: 1, repeated: 0, outdated: 1, refused: [] });
    await store.reopen();
    expect((await store.writer.insert(batch([post(3, { epoch: 4 })], 3))).outdated).toBe(1);
    expect((await store.writer.insert(batch([post(1, { slot: 8, room: 'next' })], 4))).inserted).toBe(1);
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2']);
  });

  test('[STORE8] a fence of a lower epoch than the slot has changes nothing', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([], 1, { epoch: 5, slots: [7] }));
    await store.writer.insert(batch([], 2, { epoch: 3, slots: [7] }));
    expect((await store.writer.insert(batch([post(1, { epoch: 4 })], 3))).outdated).toBe(1);
  });

  test('[STORE8] behind a fence, a record that is stored already is a repeated one, and one that contradicts it is dropped', async () => {
    await using store = await openStore();
    await store.writer.insert(batch(posts(2), 1));
    const again = [post(1), post(2, { frame: frameOf('another') })];
    const report = await store.writer.insert(batch(again, 2, { epoch: 2, slots: [7] }));
    expect(report).toEqual({ inserted: 0, repeated: 1, outdated: 1, refused: [] });
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2']);
  });

  test('[STORE9] a repeated nonce at a new seq is refused, and an empty frame keeps the seq', async () => {
    await using store = await openStore();
    const twice = post(2, { nonce: 'nonce 1' });
    const report = await store.writer.insert(batch([post(1), twice, post(3)], 1));
    expect(report).toMatchObject({ inserted: 2, repeated: 0, refused: [{ record: twice }] });
    expect(report.refused[0]?.reason).toContain('seq 1');
    expect(await store.reader.head('room')).toEqual({ seq: 3, change: 0 });
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', '', 'frame 3']);
    expect((await store.reader.nonces('room', 'ann', 10)).map((known) => known.seq)).toEqual([1, 3]);
  });

  test("[STORE9] a nonce from before a sender's last 1,000 posts is free again, and no sooner", async () => {
    await using store = await openStore();
    await store.writer.insert(batch(posts(1_001), 1));
    const again = [[1_002, 'nonce 2'] as const, [1_003, 'nonce 1'] as const, [1_004, 'nonce 2'] as const];
    const report = await store.writer.insert(
      batch(
        again.map(([seq, nonce]) => post(seq, { nonce })),
        2,
      ),
    );
    expect(report.inserted).toBe(2);
    expect(report.refused.map((refusal) => refusal.record.seq)).toEqual([1_002]);
    await store.reopen();
    expect((await store.writer.insert(batch([post(1_005, { nonce: 'nonce 1' })], 3))).refused).toHaveLength(1);
  });

  test('[STORE7] a seq that no room can have is refused', async () => {
    await using store = await openStore();
    const report = await store.writer.insert(batch([post(0), post(2 ** 47), post(1)], 1));
    expect(report.inserted).toBe(1);
    expect(report.refused.map((refusal) => refusal.record.seq)).toEqual([0, 2 ** 47]);
  });
}

/** As the tests write them: the text of a frame names who is spoken to, behind a colon. */
function mentionsOf({ frame }: LogRecord): readonly string[] | undefined {
  const [, names] = new TextDecoder().decode(frame).split(':');
  return names === undefined ? undefined : names.split(',').filter((name) => name !== '');
}

function mentionRules(openStore: () => Promise<OpenStore>): void {
  const spoken = (seq: number, names: string): LogRecord => post(seq, { frame: frameOf(`text:${names}`) });
  const change = (seq: number, names: string | undefined, target: number, recalls = false): LogRecord => ({
    ...post(seq, { stream: 'changes', frame: frameOf(names === undefined ? 'change' : `change:${names}`) }),
    effect: { seq: target, state: frameOf('state'), recalls, pinned: false },
  });
  const counts = (store: OpenStore, after: number, to = 100) =>
    store.reader.mentions(
      'room',
      [
        { user: 'ann', after },
        { user: 'bob', after },
        { user: 'Ann', after },
      ],
      to,
    );

  test('[RDS6] mentions are counted by user and stretch, those of everybody too, each message once', async () => {
    await using store = await openStore();
    const records = [post(1), spoken(2, 'ann,bob'), spoken(3, '*'), spoken(4, 'ann,*'), spoken(5, 'ann')];
    expect(await counts(store, 0)).toEqual([0, 0, 0]);
    await store.writer.insert({ ...batch(records, 1), mentionsOf });
    await store.writer.insert({ ...batch(records, 2), mentionsOf });
    await store.reopen();
    expect(await counts(store, 0)).toEqual([4, 3, 2]);
    expect(await counts(store, 2, 4)).toEqual([2, 2, 2]);
    expect(await counts(store, 5)).toEqual([0, 0, 0]);
    expect(await store.reader.mentions('elsewhere', [{ user: 'ann', after: 0 }], 9)).toEqual([0]);
    expect(await store.reader.mentions('room', [], 9)).toEqual([]);
  });

  test('[RDS6] an edit changes who is spoken to, but not that everybody is; a recall ends it, other changes leave it', async () => {
    await using store = await openStore();
    const records = [spoken(1, 'ann'), spoken(2, 'ann,*'), spoken(3, 'ann'), spoken(4, 'ann')];
    await store.writer.insert({ ...batch(records, 1), mentionsOf });
    const changes = [change(1, 'bob', 1), change(2, '', 2), change(3, undefined, 3, true), change(4, undefined, 4)];
    await store.writer.insert({ ...batch(changes, 2), mentionsOf });
    expect(await counts(store, 0)).toEqual([2, 2, 1]);
  });

  test('[RDS6] what is refused speaks to nobody', async () => {
    await using store = await openStore();
    await store.writer.insert({ ...batch([spoken(1, 'ann')], 1), mentionsOf });
    const again = { ...spoken(1, 'ann,bob'), nonce: 'another' };
    const repeated = { ...spoken(2, 'bob'), nonce: 'nonce 1' };
    await store.writer.insert({ ...batch([again, repeated], 2), mentionsOf });
    expect(await counts(store, 0)).toEqual([1, 0, 0]);
  });
}

function readRules(openStore: () => Promise<OpenStore>): void {
  test('[STORE10] an unknown room is empty', async () => {
    await using store = await openStore();
    expect(await store.reader.head('nowhere')).toEqual({ seq: 0, change: 0 });
    expect(await store.reader.history({ ...newest, room: 'nowhere' })).toEqual({
      frames: [],
      firstSeq: 0,
      more: false,
    });
    expect(await store.reader.nonces('nowhere', 'ann', 10)).toEqual([]);
  });

  test('[STORE11] history pages forward, backward and from the newest, ascending, and says whether there is more', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([...posts(10), post(1, { room: 'next' })], 1));
    const page = async (query: Partial<HistoryQuery>) => {
      const { frames, firstSeq, more } = await store.reader.history({ ...newest, ...query });
      return [firstSeq, frames.length, more];
    };
    expect(await page({ limit: 3 })).toEqual([8, 3, true]);
    expect(await page({ limit: 10 })).toEqual([1, 10, false]);
    expect(await page({ before: 8, limit: 3 })).toEqual([5, 3, true]);
    expect(await page({ before: 3, limit: 3 })).toEqual([1, 2, false]);
    expect(await page({ before: 1, limit: 3 })).toEqual([0, 0, false]);
    expect(await page({ after: 0, limit: 3 })).toEqual([1, 3, true]);
    expect(await page({ after: 7, limit: 3 })).toEqual([8, 3, false]);
    expect(await page({ after: 10, limit: 3 })).toEqual([0, 0, false]);
    expect(await page({ after: 2 ** 40, limit: 3 })).toEqual([0, 0, false]);
  });

  test('[STORE11] a page keeps to its bytes, and has its first frame however large', async () => {
    await using store = await openStore();
    const large = [1, 2, 3, 4].map((seq) => post(seq, { frame: new Uint8Array(1_000) }));
    await store.writer.insert(batch(large, 1));
    const page = (query: Partial<HistoryQuery>) => store.reader.history({ ...newest, ...query });
    expect(await page({ maxBytes: 2_000 })).toMatchObject({ firstSeq: 3, more: true });
    expect(await page({ maxBytes: 1_999 })).toMatchObject({ firstSeq: 4, more: true });
    expect((await page({ after: 0, maxBytes: 1 })).frames).toHaveLength(1);
    expect(await page({ after: 0, maxBytes: 4_000 })).toMatchObject({ firstSeq: 1, more: false });
  });

  test('[STORE12] a query that makes no sense is refused', async () => {
    await using store = await openStore();
    for (const query of [{ limit: 0 }, { limit: 201 }, { limit: 1.5 }, { after: 1, before: 5 }]) {
      expect(await faultOf(() => store.reader.history({ ...newest, ...query }))).toBe('refused');
    }
  });

  test("[STORE13] nonces are the sender's last posts in the room, ascending", async () => {
    await using store = await openStore();
    const records = Array.from({ length: 30 }, (_, index) => post(index + 1, { sender: index % 3 ? 'bob' : 'ann' }));
    await store.writer.insert(batch(records, 1));
    const known = await store.reader.nonces('room', 'ann', 4);
    expect(known.map((one) => one.seq)).toEqual([19, 22, 25, 28]);
    expect(known.at(-1)).toEqual({ nonce: 'nonce 28', seq: 28, at: 1_700_000_000_028 });
    expect(await store.reader.nonces('room', 'ann', 0)).toEqual([]);
    expect(await store.reader.nonces('room', 'ann', 1_000)).toHaveLength(10);
  });
}

const allStates = { room: 'room', from: 1, to: 100, descending: false, maxBytes: 1 << 30, known: 0 };
const allChanges = { room: 'room', after: 0, to: 100, limit: 200, maxBytes: 1 << 30, known: 0 };

function changeRules(openStore: () => Promise<OpenStore>): void {
  const statesOf = async (store: OpenStore, query: Partial<StatesQuery> = {}) => {
    const { change: known } = await store.reader.head('room');
    const { states, reached } = await store.reader.states({ ...allStates, known, ...query });
    return [states.map(({ seq, change, state }) => [seq, change, new TextDecoder().decode(state)]), reached];
  };
  const changesOf = async (store: OpenStore, query: Partial<ChangesQuery> = {}) => {
    const { change: known } = await store.reader.head('room');
    const changes = await store.reader.changes({ ...allChanges, known, ...query });
    return changes.map(({ change, seq, frame }) => [change, seq, new TextDecoder().decode(frame)]);
  };

  test('[CHG21] a change is stored with what it makes of its message, and the newest one of a message stays', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([...posts(3), change(1, 2), change(2, 3), change(3, 2)], 1));
    expect((await store.writer.insert(batch([change(2, 3), change(4, 3)], 2))).repeated).toBe(1);
    await store.reopen();
    expect(await store.reader.head('room')).toEqual({ seq: 3, change: 4 });
    expect(await statesOf(store)).toEqual([
      [
        [2, 3, 'state 3'],
        [3, 4, 'state 4'],
      ],
      100,
    ]);
    expect(await changesOf(store)).toEqual([
      [1, 2, 'change 1'],
      [2, 3, 'change 2'],
      [3, 2, 'change 3'],
      [4, 3, 'change 4'],
    ]);
    expect((await store.reader.nonces('room', 'ann', 2, 'changes')).map(({ seq }) => seq)).toEqual([3, 4]);
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2', 'frame 3']);
  });

  test('[CHG22] a recall deletes the frames of its message and of its earlier changes, and their replay is a repetition', async () => {
    await using store = await openStore();
    const before = [...posts(2), change(1, 1), change(2, 2), change(3, 1)];
    await store.writer.insert(batch([...before, change(4, 1, { recalls: true })], 1));
    expect(await changesOf(store)).toEqual([
      [1, 1, ''],
      [2, 2, 'change 2'],
      [3, 1, ''],
      [4, 1, 'change 4'],
    ]);
    expect(await store.writer.insert(batch([...before, change(4, 1, { recalls: true })], 2))).toEqual({
      inserted: 0,
      repeated: 6,
      outdated: 0,
      refused: [],
    });
    expect((await store.reader.nonces('room', 'ann', 9)).map(({ nonce }) => nonce)).toEqual(['nonce 1', 'nonce 2']);
    expect((await store.reader.nonces('room', 'ann', 9, 'changes')).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect((await statesOf(store))[0]).toEqual([
      [1, 4, 'state 4'],
      [2, 2, 'state 2'],
    ]);
  });

  test('[CHG22] a change that comes to the store behind the recall of its message loses its frame too', async () => {
    await using store = await openStore();
    await store.writer.insert(batch([...posts(1), change(2, 1, { recalls: true })], 1));
    await store.writer.insert(batch([change(1, 1)], 2));
    expect(await changesOf(store)).toEqual([
      [1, 1, ''],
      [2, 1, 'change 2'],
    ]);
    expect((await statesOf(store))[0]).toEqual([[1, 2, 'state 2']]);
  });

  test('[CHG23] pins are the messages whose newest change says so', async () => {
    await using store = await openStore();
    const pin = (number: number, seq: number, pinned: boolean): LogRecord => change(number, seq, { pinned });
    await store.writer.insert(batch([...posts(3), pin(1, 3, true), pin(2, 1, true), pin(3, 2, true)], 1));
    await store.writer.insert(batch([pin(4, 3, false), { ...pin(5, 1, true), room: 'next' }], 2));
    expect((await store.reader.pins('room', 4)).map(({ seq, change: by }) => [seq, by])).toEqual([
      [1, 2],
      [2, 3],
    ]);
    expect(await store.reader.pins('nowhere', 0)).toEqual([]);
  });

  test('[CHG24] pages of changes and states keep to their range, their number and their bytes, and have their first', async () => {
    await using store = await openStore();
    const state = new Uint8Array(100);
    const frame = new Uint8Array(100);
    const changes = [1, 2, 3, 4, 5].map((n) => ({ ...change(n, n * 2, { state }), frame }));
    await store.writer.insert(batch([...posts(12), ...changes], 1));
    const numbers = async (query: Partial<ChangesQuery>) => (await changesOf(store, query)).map(([number]) => number);
    expect(await numbers({ after: 1, to: 4 })).toEqual([2, 3, 4]);
    expect(await numbers({ limit: 2 })).toEqual([1, 2]);
    expect(await numbers({ maxBytes: 250 })).toEqual([1, 2]);
    expect(await numbers({ maxBytes: 1 })).toEqual([1]);
    expect(await numbers({ after: 5 })).toEqual([]);
    expect(await numbers({ room: 'nowhere' })).toEqual([]);
    const reach = async (query: Partial<StatesQuery>) => {
      const [states, reached] = (await statesOf(store, query)) as [number[][], number];
      return [...states.map(([seq]) => seq), 'to', reached];
    };
    expect(await reach({ from: 3, to: 9 })).toEqual([4, 6, 8, 'to', 9]);
    expect(await reach({ from: 3, to: 9, descending: true })).toEqual([8, 6, 4, 'to', 3]);
    expect(await reach({ from: 3, to: 9, maxBytes: 250 })).toEqual([4, 6, 'to', 7]);
    expect(await reach({ from: 3, to: 9, maxBytes: 250, descending: true })).toEqual([8, 6, 'to', 5]);
    expect(await reach({ from: 3, to: 9, maxBytes: 1 })).toEqual([4, 'to', 5]);
    expect(await reach({ from: 11, to: 12 })).toEqual(['to', 12]);
    expect(await reach({ room: 'nowhere' })).toEqual(['to', 100]);
    expect(await faultOf(() => store.reader.changes({ ...allChanges, limit: 0 }))).toBe('refused');
  });

  test('[CHG25] a change whose nonce repeats has no effect, and an empty frame that names its message keeps its number', async () => {
    await using store = await openStore();
    const twice = { ...change(2, 2, { recalls: true, pinned: true }), nonce: 'nonce 1' };
    expect((await store.writer.insert(batch([...posts(2), change(1, 1), twice], 1))).refused).toHaveLength(1);
    expect(await changesOf(store)).toEqual([
      [1, 1, 'change 1'],
      [2, 2, ''],
    ]);
    expect((await statesOf(store))[0]).toEqual([[1, 1, 'state 1']]);
    expect(await store.reader.pins('room', 2)).toEqual([]);
    expect(textsOf(await store.reader.history(newest))).toEqual(['frame 1', 'frame 2']);
  });
}

const ROOMS = ['r', 'R'];
const SENDERS = ['s', 'S'];
const SLOTS = [0, 1_023];

const anyPost: fc.Arbitrary<LogRecord> = fc.record({
  stream: fc.constantFrom('messages', 'messages', 'changes'),
  slot: fc.constantFrom(...SLOTS),
  epoch: fc.constantFrom(1, 1, 1, 2),
  room: fc.constantFrom(...ROOMS),
  seq: fc.integer({ min: 1, max: 12 }),
  sender: fc.constantFrom(...SENDERS),
  nonce: fc.constantFrom('n', 'N', 'o', 'p', 'q', 'é'),
  at: fc.constantFrom(1, 1_700_000_000_000),
  frame: fc.constantFrom(frameOf('one'), frameOf('two')),
});

const anyEffect: fc.Arbitrary<ChangeEffect> = fc.record({
  seq: fc.integer({ min: 1, max: 6 }),
  state: fc.constantFrom(frameOf('x'), frameOf('state')),
  recalls: fc.constantFrom(false, false, true),
  pinned: fc.boolean(),
});

const anyRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  { weight: 2, arbitrary: anyPost },
  {
    weight: 1,
    arbitrary: fc.tuple(anyPost, anyEffect).map(([some, effect]) => ({ ...some, stream: 'changes' as const, effect })),
  },
);

const anyBatch: fc.Arbitrary<InsertBatch> = fc.record(
  {
    partition: fc.constantFrom(0, 1),
    position: fc.nat(9),
    records: fc.array(anyRecord, { maxLength: 6 }),
    fence: fc.record({ epoch: fc.constantFrom(1, 2), slots: fc.subarray(SLOTS) }),
  },
  { requiredKeys: ['partition', 'position', 'records'] },
);

const step: fc.Arbitrary<InsertBatch | 'reopen'> = fc.oneof(
  { weight: 9, arbitrary: anyBatch },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);

/**
 * Changes of a room come to the store in their order, without a hole: a reader that has the newest one it is asked for has all
 * of them. New ones are numbered so here, one a batch, since a batch may drop some.
 */
function withChangesInOrder(batch: InsertBatch, model: MemoryMessageStore): InsertBatch {
  const begun = new Set<string>();
  const records = batch.records.flatMap((record): LogRecord[] => {
    const { change } = model.head(record.room);
    if (record.stream !== 'changes' || record.seq <= change) return [record];
    if (begun.has(record.room)) return [];
    begun.add(record.room);
    return [{ ...record, seq: change + 1 }];
  });
  return { ...batch, records };
}

/** A report without the wording of its reasons. */
function summary({ inserted, repeated, outdated, refused }: InsertReport): unknown {
  return { inserted, repeated, outdated, refused: refused.map((refusal) => refusal.record) };
}

async function expectEqualReads(reader: MessageStoreReader, model: MemoryMessageStore): Promise<void> {
  const [first] = await reader.rooms('', 1);
  const rooms = first === undefined ? [] : [first, ...(await reader.rooms(first.room, 10))];
  expect(rooms.filter(({ seq }) => seq > 0)).toEqual(model.rooms('', 10));
  for (const room of ROOMS) {
    expect(await reader.head(room)).toEqual(model.head(room));
    for (const direction of [{}, { after: 4 }, { before: 6 }]) {
      // Whole pages: where a page ends may differ while a replica has what a recall has deleted.
      const query = { room, limit: 3, maxBytes: 1_000, ...direction };
      const page = await reader.history(query);
      const expected = model.history(query);
      const texts = textsOf(page).map((text, index) => (expected.frames[index]?.length === 0 ? '' : text));
      expect([texts, page.firstSeq, page.more]).toEqual([textsOf(expected), expected.firstSeq, expected.more]);
    }
    const known = model.head(room).change;
    const changes = { room, after: 2, to: 11, limit: 5, maxBytes: 12, known };
    expect(plain(await reader.changes(changes))).toEqual(plain(model.changes(changes)));
    for (const descending of [true, false]) {
      const states = { room, from: 2, to: 5, descending, maxBytes: 7, known };
      expect(plain(await reader.states(states))).toEqual(plain(model.states(states)));
    }
    expect(plain(await reader.pins(room, known))).toEqual(plain(model.pins(room)));
    for (const sender of SENDERS) expect(await reader.nonces(room, sender, 3)).toEqual(model.nonces(room, sender, 3));
  }
}

/** Bytes as text: a Buffer and a Uint8Array of the same bytes are the same. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => {
      const isBytes = inner instanceof Uint8Array && !Buffer.isBuffer(inner);
      return isBytes ? Buffer.from(inner).toJSON() : inner;
    }),
  );
}
