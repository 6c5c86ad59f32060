import { describe, expect, test } from 'bun:test';
import { evenPlacement, pinnedId } from '../../runtime/placement.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { DeadToken, DeadTokens } from '../../storage/ports/records.ts';
import { Probe } from '../../testkit/probe.ts';
import { linkedShards, TestShard } from '../../testkit/test-shard.ts';
import { userKind } from './messages.ts';
import { revocations, revocationsKind } from './revocations.ts';
import { revoker, revokerKind } from './revoker.ts';

const NOON = 1_700_000_000_000;
const LOOK_BACK_MS = 30_000;
const LOOK_MS = 500;
const MINUTE = 60_000;

/** Records whose clock is not the shard's, and whose readings wait for the test while they are `slow`. */
class FakeRecords {
  aheadMs = 0;
  away = false;
  slow = false;
  /** From where was read, oldest first. */
  readonly read: number[] = [];
  readonly forgotten: number[] = [];
  readonly answers: (() => void)[] = [];
  readonly #dead: DeadToken[] = [];
  readonly #clock: { monotonicMs(): number };

  constructor(clock: { monotonicMs(): number }) {
    this.#clock = clock;
  }

  now(): number {
    return NOON + this.#clock.monotonicMs() + this.aheadMs;
  }

  die(user: string, tokenHash: string, diedAt = this.now()): void {
    this.#dead.push({ user, tokenHash, diedAt });
  }

  deadTokens(since: number, limit: number): DeadTokens | Promise<DeadTokens> {
    this.read.push(since);
    if (this.away) throw new StorageFault('unavailable', 'away');
    const found = this.#dead.filter(({ diedAt }) => diedAt >= since).sort((a, b) => a.diedAt - b.diedAt);
    const lastAt = found[limit - 1]?.diedAt ?? Number.POSITIVE_INFINITY;
    const answer = { now: this.now(), tokens: found.filter(({ diedAt }) => diedAt <= lastAt) };
    return this.slow ? new Promise((resolve) => this.answers.push(() => resolve(answer))) : answer;
  }

  forgetDeadTokens(before: number): void {
    this.forgotten.push(before);
  }
}

/** The revocations on a shard whose revoker is a probe. They have looked once. */
async function bed() {
  const shard = new TestShard({ placement: evenPlacement(1, { revocations: 0 }) });
  const records = new FakeRecords(shard.clock);
  const states: (string | undefined)[] = [];
  const told = new Probe(shard, revokerKind, pinnedId(0, 0));
  const onState = (fault: StorageFault | undefined): void => void states.push(fault?.message);
  shard.register(revocationsKind, revocations({ records, threads: [0], onState }));
  const all = shard.ref(revocationsKind, 'all');
  /** Lets time pass, reading by reading: each is a promise, even where the records answer at once. */
  const pass = async (ms: number): Promise<void> => {
    await shard.clock.settleWithPromises();
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      shard.advance(LOOK_MS);
      await shard.clock.settleWithPromises();
    }
  };
  shard.tell(all, { type: 'look-now' });
  await pass(0);
  return { shard, records, states, told, all, pass };
}

describe('revocations', () => {
  test('[REV1] deaths are read each half second, from half a minute before the last reading by the store’s clock', async () => {
    const { records, pass } = await bed();
    expect(records.read).toEqual([Number.MAX_SAFE_INTEGER]);
    await pass(2_000);
    const from = NOON - LOOK_BACK_MS;
    expect(records.read.slice(1).map((since) => since - from)).toEqual([0, 500, 1_000, 1_500]);
  });

  test('[REV1] there are never two readings at a time, and one that is asked for comes at once', async () => {
    const { shard, records, all, pass } = await bed();
    records.slow = true;
    await pass(3_000);
    expect(records.read).toHaveLength(2);
    shard.tell(all, { type: 'look-now' });
    await pass(0);
    expect(records.read).toHaveLength(2);
    records.slow = false;
    records.answers.shift()?.();
    await pass(500);
    const before = records.read.length;
    shard.tell(all, { type: 'look-now' });
    await pass(0);
    expect(records.read).toHaveLength(before + 1);
  });

  test('[REV1] where the store’s clock goes back, so does the reading', async () => {
    const { records, told, pass } = await bed();
    records.aheadMs = -10 * MINUTE;
    await pass(500);
    records.die('ann', 'a');
    await pass(1_000);
    expect(told.expect('tokens-died').tokens).toEqual([{ user: 'ann', tokenHash: 'a' }]);
  });

  test('[REV2] a death is told for half a minute, however late it shows, and then no more', async () => {
    const { records, told, pass } = await bed();
    await pass(MINUTE);
    const time = records.now();
    await pass(20_000);
    records.die('ann', 'late', time);
    await pass(500);
    expect(told.expect('tokens-died').tokens).toEqual([{ user: 'ann', tokenHash: 'late' }]);
    await pass(MINUTE);
    expect(told.waiting.length).toBeWithin(15, 25);
  });

  test('[REV3] records that are away are told of once, and are read from where they were left', async () => {
    const { records, states, told, pass } = await bed();
    records.away = true;
    await pass(5 * MINUTE);
    expect(states).toEqual(['away']);
    records.die('ann', 'a', records.now() - 4 * MINUTE);
    records.away = false;
    await pass(500);
    expect(states).toEqual(['away', undefined]);
    expect(told.expect('tokens-died').tokens).toEqual([{ user: 'ann', tokenHash: 'a' }]);
    expect(records.read.length).toBeGreaterThan(500);
  });

  test('[REV4] more deaths than a page holds are read at once, page by page, each of them', async () => {
    const { records, told, pass } = await bed();
    for (let index = 0; index < 2_500; index += 1) records.die('ann', `${index}`, NOON + Math.floor(index / 3));
    await pass(500);
    const heard = told.waiting.flatMap(({ message }) => (message.type === 'tokens-died' ? message.tokens : []));
    expect(new Set(heard.map(({ tokenHash }) => tokenHash)).size).toBe(2_500);
    expect(heard.length).toBe(2_500);
  });

  test('[REV5] where deaths may have been forgotten unread, everybody looks again, once', async () => {
    const { records, told, pass } = await bed();
    records.away = true;
    await pass(29 * MINUTE);
    records.away = false;
    await pass(500);
    told.expectNothing();
    records.away = true;
    await pass(31 * MINUTE);
    records.away = false;
    await pass(MINUTE);
    told.expect('look-again');
    told.expectNothing();
  });

  test('[REV6] deaths are forgotten after an hour', async () => {
    const { records, pass } = await bed();
    await pass(11 * MINUTE);
    const [first = 0, ...later] = records.forgotten;
    expect(first).toBe(NOON - 60 * MINUTE);
    expect(later.map((before) => before - first)).toEqual([5 * MINUTE, 10 * MINUTE]);
  });

  test('[REV3] a defect of the driver is reported, and the next reading comes all the same', async () => {
    const { shard, records, pass } = await bed();
    const { deadTokens } = records;
    records.deadTokens = () => {
      throw new TypeError('a defect');
    };
    await pass(500);
    expect(shard.log.lines.length).toBeGreaterThan(0);
    records.deadTokens = deadTokens.bind(records);
    const before = records.read.length;
    await pass(1_000);
    expect(records.read.length).toBeGreaterThan(before);
  });
});

describe('revoker', () => {
  test('[REV7] each shard hears of its own users, and only those in memory: nobody is woken', async () => {
    const shards = linkedShards(2, { services: { revocations: 0 } });
    const [first, second] = shards as [TestShard, TestShard];
    const records = new FakeRecords(first.clock);
    const users = shards.map((shard) => new Probe(shard, userKind));
    for (const shard of shards) shard.register(revokerKind, revoker(shard.shard));
    first.register(revocationsKind, revocations({ records, threads: [0, 1], onState: () => undefined }));
    const names = Array.from({ length: 40 }, (_, index) => `user${index}`);
    const inMemory = names.filter((_, index) => index % 2 === 0);
    for (const name of inMemory) first.tell(first.ref(userKind, name), { type: 'left', room: 'none' });
    first.settle();
    for (const probe of users) while (probe.waiting.length > 0) probe.expect('left');
    const homes = names.map((name) => first.ref(userKind, name).thread);
    expect(new Set(homes)).toEqual(new Set([0, 1]));
    first.tell(first.ref(revocationsKind, 'all'), { type: 'look-now' });
    await first.clock.settleWithPromises();
    for (const name of names) records.die(name, `of ${name}`);
    first.advance(500);
    await first.clock.settleWithPromises();
    for (const [thread, probe] of users.entries()) {
      const heard = probe.waiting.map(({ id, message }) => ({ id, message }));
      const own = inMemory.filter((name) => first.ref(userKind, name).thread === thread);
      expect(heard).toEqual(own.map((id) => ({ id, message: { type: 'tokens-died', hashes: [`of ${id}`] } })));
    }
    for (const name of names) {
      const shard = first.ref(userKind, name).thread === 0 ? first : second;
      expect(shard.shard.activeCell(shard.ref(userKind, name)) !== undefined).toBe(inMemory.includes(name));
    }
  });

  test('[REV7] where everybody has to look again, everybody in memory is told', () => {
    const shard = new TestShard();
    const users = new Probe(shard, userKind);
    shard.register(revokerKind, revoker(shard.shard));
    for (const name of ['ann', 'bob']) shard.tell(shard.ref(userKind, name), { type: 'left', room: 'none' });
    for (const _ of ['ann', 'bob']) users.expect('left');
    shard.tell(shard.ref(revokerKind, '0.0'), { type: 'look-again' });
    expect(users.waiting.map(({ id, message }) => `${id} ${message.type}`).sort()).toEqual([
      'ann look-again',
      'bob look-again',
    ]);
  });
});
