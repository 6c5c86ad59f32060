/** What every job queue does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Delivery, JobConsumer, JobQueue, NewJob, QueuePolicy } from '../../src/storage/ports/queue.ts';
import { eventually, TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';

/** One empty queue. It may be opened again after it was closed. */
export interface QueueDriver extends AsyncDisposable {
  open(): JobQueue | Promise<JobQueue>;
  /** Cuts the consumers of the opened queue off from it; null where they live and die with it. */
  readonly cutConsumers: (() => void) | null;
}

export type MakeQueueDriver = (policy: QueuePolicy) => QueueDriver | Promise<QueueDriver>;

const POLICY: QueuePolicy = { maxAttempts: 3, delaysMs: [60, 120], maxJobs: 200, maxDead: 100 };

export function queueContract(name: string, makeDriver: MakeQueueDriver): void {
  describe(`job queue: ${name}`, () => {
    deliveryTests(makeDriver);
    retryTests(makeDriver);
    boundTests(makeDriver);
    deadTests(makeDriver);
    modelTest(makeDriver);
  });
}

/** A consumer that keeps what it gets. */
export class Hands {
  readonly got: { readonly delivery: Delivery; readonly at: number }[] = [];
  readonly consumer: JobConsumer;

  constructor(queue: JobQueue, prefetch = 10) {
    this.consumer = queue.consume({
      prefetch,
      deliver: (delivery) => this.got.push({ delivery, at: performance.now() }),
    });
  }

  async received(count: number): Promise<Delivery[]> {
    await eventually(
      `${count} deliveries`,
      () => this.got.length,
      (length) => length >= count,
    );
    return this.got.map(({ delivery }) => delivery);
  }

  /** Takes the first delivery away. */
  async next(): Promise<Delivery> {
    await this.received(1);
    return this.got.shift()!.delivery;
  }
}

export function job(id: string, delayMs?: number): NewJob {
  const body = new TextEncoder().encode(`body of ${id}`);
  return delayMs === undefined ? { id, body } : { id, body, delayMs };
}

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function deliveryTests(makeDriver: MakeQueueDriver): void {
  test('[QUE1] a job comes with its id, its body byte for byte, its first attempt and its time', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    const before = Date.now();
    const bodies = [
      new Uint8Array(0),
      Uint8Array.from({ length: 256 }, (_, index) => index),
      new Uint8Array(64 * 1024),
    ];
    for (const [index, body] of bodies.entries()) await queue.enqueue({ id: `job-${index}`, body });
    const hands = new Hands(queue);
    for (const { job: got } of await hands.received(bodies.length)) {
      const index = Number(got.id.slice(-1));
      expect(Buffer.compare(got.body, bodies[index]!)).toBe(0);
      expect(got.attempt).toBe(1);
      expect(got.enqueuedAt).toBeGreaterThanOrEqual(before);
      expect(got.enqueuedAt).toBeLessThanOrEqual(Date.now());
    }
    await queue.close();
  });

  test('[QUE1] what is done does not come again, also not after the queue is opened again', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    for (const id of ['a', 'b', 'c']) await queue.enqueue(job(id));
    const hands = new Hands(queue);
    for (const delivery of await hands.received(3)) {
      if (delivery.job.id !== 'b') await delivery.done();
    }
    await queue.close();
    const again = await driver.open();
    await again.enqueue(job('last'));
    const others = new Hands(again);
    const got = (await others.received(2)).map((delivery) => delivery.job.id);
    expect(got.sort()).toEqual(['b', 'last']);
    await again.close();
  });

  test('[QUE2] jobs wait for a consumer, and over a restart', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('waiting'));
    await queue.enqueue(job('delayed', 60));
    await queue.close();
    const again = await driver.open();
    const hands = new Hands(again);
    expect((await hands.received(2)).map((delivery) => delivery.job.id).sort()).toEqual(['delayed', 'waiting']);
    await again.close();
  });

  test('[QUE3] no consumer holds more than its prefetch, and several share the jobs, each job once', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    const ids = Array.from({ length: 12 }, (_, index) => `job-${index}`);
    const [one, other] = [new Hands(queue, 2), new Hands(queue, 3)];
    for (const id of ids) await queue.enqueue(job(id));
    await Promise.all([one.received(2), other.received(3)]);
    const done: string[] = [];
    while (done.length < ids.length) {
      await eventually(
        'a delivery',
        () => one.got.length + other.got.length,
        (length) => length > 0,
      );
      expect(one.got.length).toBeLessThanOrEqual(2);
      expect(other.got.length).toBeLessThanOrEqual(3);
      const { delivery } = (one.got.length > 0 ? one : other).got.shift()!;
      done.push(delivery.job.id);
      await delivery.done();
    }
    expect(done.sort()).toEqual(ids.sort());
    await queue.close();
  });

  test('[QUE4] what a consumer has not settled when it dies comes again, to another, as the next attempt', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const first = new Hands(queue);
    const lost = await first.next();
    await first.consumer.close();
    expect(await faultOf(() => lost.done())).toBe('unavailable');
    const second = new Hands(queue);
    const held = await second.next();
    expect(held.job).toMatchObject({ id: 'a', attempt: 2 });
    if (driver.cutConsumers === null) {
      await held.done();
    } else {
      driver.cutConsumers();
      const third = await second.next();
      expect(third.job).toMatchObject({ id: 'a', attempt: 3 });
      expect(await faultOf(() => held.done())).toBe('unavailable');
      expect(await faultOf(() => held.retry('too late'))).toBe('unavailable');
      await third.done();
    }
    await queue.close();
  });

  test('[QUE5] a job that is put back comes again at once, as the same attempt', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const hands = new Hands(queue);
    for (let round = 0; round < 5; round += 1) {
      const delivery = await hands.next();
      expect(delivery.job).toMatchObject({ id: 'a', attempt: 1 });
      await delivery.putBack();
    }
    await (await hands.next()).done();
    await queue.close();
  });

  test('[QUE6] a delivery is settled once; a second time is an error of the program', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const hands = new Hands(queue);
    const delivery = await hands.next();
    await delivery.done();
    for (const settle of [() => delivery.done(), () => delivery.retry('again'), () => delivery.giveUp('never')]) {
      await expect(settle()).rejects.toThrow(new Error('job a is settled already'));
    }
    await queue.close();
  });
}

function retryTests(makeDriver: MakeQueueDriver): void {
  test('[QUE7] a delayed job does not come before its delay, and those with a shorter one do not wait for it', async () => {
    await using driver = await makeDriver({ ...POLICY, delaysMs: [100, 200, 600_000] });
    const queue = await driver.open();
    const hands = new Hands(queue);
    const delays = { hours: 600_000, long: 200, short: 100, odd: 50, now: 0 };
    const startOf = new Map<string, number>();
    for (const [id, delayMs] of Object.entries(delays)) {
      startOf.set(id, performance.now());
      await queue.enqueue(job(id, delayMs));
    }
    await hands.received(4);
    expect(hands.got.map(({ delivery }) => delivery.job.id).sort()).toEqual(['long', 'now', 'odd', 'short']);
    for (const { delivery, at } of hands.got) {
      const { id } = delivery.job;
      // Clocks of a broker and of a test count in whole milliseconds.
      expect(at - startOf.get(id)!).toBeGreaterThanOrEqual(delays[id as keyof typeof delays] - 2);
    }
    await queue.close();
  });

  test('[QUE8] a failed job comes again after its delays, and is dead after its last attempt, with the reason', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const hands = new Hands(queue);
    let failedAt = 0;
    for (const [attempt, delayMs] of [
      [1, 0],
      [2, 60],
      [3, 120],
    ] as const) {
      await hands.received(1);
      const { delivery, at } = hands.got.shift()!;
      expect(delivery.job).toMatchObject({ id: 'a', attempt });
      expect(textOf(delivery.job.body)).toBe('body of a');
      if (delayMs > 0) expect(at - failedAt).toBeGreaterThanOrEqual(delayMs - 2);
      failedAt = performance.now();
      expect(await delivery.retry(`failure ${attempt}`)).toBe(attempt < 3 ? 'again' : 'dead');
    }
    const [dead, ...others] = await queue.dead(10);
    expect(others).toEqual([]);
    expect(dead).toMatchObject({ id: 'a', attempts: 3, reason: 'failure 3' });
    expect(textOf(dead!.body)).toBe('body of a');
    expect(dead!.diedAt).toBeGreaterThanOrEqual(dead!.enqueuedAt);
    expect(hands.got).toEqual([]);
    await queue.close();
  });

  test('[QUE8] a delay may be asked for, and a job may be given up at once', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const hands = new Hands(queue);
    const failedAt = performance.now();
    expect(await (await hands.next()).retry('busy', 120)).toBe('again');
    await hands.received(1);
    expect(hands.got[0]!.at - failedAt).toBeGreaterThanOrEqual(118);
    expect(await (await hands.next()).retry('at once', 0)).toBe('again');
    const last = await hands.next();
    expect(last.job.attempt).toBe(3);
    await last.giveUp('hopeless');
    expect(await queue.dead(10)).toMatchObject([{ id: 'a', attempts: 3, reason: 'hopeless' }]);
    await queue.close();
  });

  test('[QUE9] a job that is never settled is dead after its attempts', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('killer'));
    for (const attempt of [1, 2, 3]) {
      const hands = new Hands(queue);
      expect((await hands.next()).job).toMatchObject({ id: 'killer', attempt });
      await hands.consumer.close();
    }
    const hands = new Hands(queue);
    const [dead] = await eventually(
      'the job to be dead',
      () => queue.dead(10),
      (jobs) => jobs.length > 0,
    );
    expect(dead).toMatchObject({ id: 'killer', attempts: 3 });
    expect(dead!.reason).toContain('not settled in 3 deliveries');
    expect(hands.got).toEqual([]);
    await queue.close();
  });
}

function boundTests(makeDriver: MakeQueueDriver): void {
  test('[QUE10] a full queue refuses, loses nothing, and takes jobs again when there is room', async () => {
    await using driver = await makeDriver({ ...POLICY, maxJobs: 20 });
    const queue = await driver.open();
    const taken: string[] = [];
    let refusal = '';
    while (refusal === '') {
      const id = `job-${taken.length}`;
      const outcome = await queue.enqueue(job(id)).catch((error) => String(error.code));
      if (outcome === undefined) taken.push(id);
      else refusal = outcome;
      expect(taken.length).toBeLessThan(60);
    }
    expect(refusal).toBe('unavailable');
    expect(taken.length).toBeGreaterThanOrEqual(20);
    const hands = new Hands(queue, 100);
    const deliveries = await hands.received(taken.length);
    expect(deliveries.map((delivery) => delivery.job.id).sort()).toEqual(taken.sort());
    for (const delivery of deliveries) await delivery.done();
    await eventually(
      'room in the queue',
      () => faultFree(() => queue.enqueue(job('more'))),
      (isTaken) => isTaken,
    );
    await queue.close();
  });

  test('[QUE10] past the bound of dead jobs none dies, and it may be settled otherwise', async () => {
    await using driver = await makeDriver({ ...POLICY, maxDead: 2 });
    const queue = await driver.open();
    const hands = new Hands(queue, 1);
    let died = 0;
    for (;;) {
      await queue.enqueue(job(`job-${died}`));
      const delivery = await hands.next();
      if (await faultFree(() => delivery.giveUp('hopeless'))) died += 1;
      else {
        expect(await delivery.retry('later', 0)).toBe('again');
        break;
      }
      expect(died).toBeLessThan(30);
    }
    expect(died).toBeGreaterThanOrEqual(2);
    expect(await queue.dead(100)).toHaveLength(died);
    expect((await hands.next()).job).toMatchObject({ id: `job-${died}`, attempt: 2 });
    await queue.close();
  });

  test('[QUE11] what is no job and no delay is refused', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    const body = new Uint8Array(1);
    const wrong: NewJob[] = [
      { id: '', body },
      { id: 'a b', body },
      { id: 'a'.repeat(65), body },
      { id: 'a', body: new Uint8Array(64 * 1024 + 1) },
      { id: 'a', body, delayMs: -1 },
      { id: 'a', body, delayMs: 121 },
      { id: 'a', body, delayMs: Number.NaN },
    ];
    for (const one of wrong) expect(await faultOf(() => queue.enqueue(one))).toBe('refused');
    for (const limit of [0, 1_001, 1.5]) expect(await faultOf(() => queue.dead(limit))).toBe('refused');
    for (const prefetch of [0, 1_001]) {
      expect(() => queue.consume({ prefetch, deliver: () => undefined })).toThrow(RangeError);
    }
    await queue.enqueue(job('good'));
    const hands = new Hands(queue);
    const delivery = await hands.next();
    expect(await faultOf(() => delivery.retry('too long', 121))).toBe('refused');
    await delivery.done();
    await queue.close();
  });
}

function deadTests(makeDriver: MakeQueueDriver): void {
  test('[QUE12] dead jobs are listed in the order of their deaths, as often as one looks, and over a restart', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await bury(queue, ['a', 'b', 'c', 'd', 'e']);
    for (const limit of [5, 2, 1_000, 1]) {
      const ids = (await queue.dead(limit)).map((dead) => dead.id);
      expect(ids).toEqual(['a', 'b', 'c', 'd', 'e'].slice(0, limit));
    }
    await queue.close();
    const again = await driver.open();
    expect((await again.dead(10)).map((dead) => dead.id)).toEqual(['a', 'b', 'c', 'd', 'e']);
    await again.close();
  });

  test('[QUE13] replayed jobs have all their attempts before them; discarded ones are gone', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await bury(queue, ['a', 'b', 'c', 'd']);
    expect(await queue.replay(['a', 'c', 'unknown'])).toBe(2);
    expect(await queue.discard(['d', 'unknown'])).toBe(1);
    expect((await queue.dead(10)).map((dead) => dead.id)).toEqual(['b']);
    const hands = new Hands(queue);
    const deliveries = await hands.received(2);
    expect(deliveries.map((delivery) => delivery.job.id).sort()).toEqual(['a', 'c']);
    for (const delivery of deliveries) {
      expect(delivery.job.attempt).toBe(1);
      expect(textOf(delivery.job.body)).toBe(`body of ${delivery.job.id}`);
      await delivery.done();
    }
    expect(await queue.replay(['a', 'c', 'd'])).toBe(0);
    await queue.close();
  });

  test('[QUE14] a queue that can be used answers a ping', async () => {
    await using driver = await makeDriver(POLICY);
    const queue = await driver.open();
    await queue.ping();
    await queue.close();
  });
}

async function bury(queue: JobQueue, ids: readonly string[]): Promise<void> {
  const hands = new Hands(queue, 1);
  for (const id of ids) {
    await queue.enqueue(job(id));
    const before = Date.now();
    await (await hands.next()).giveUp(`reason of ${id}`);
    // Deaths within one millisecond have no order.
    await eventually(
      'the next millisecond',
      () => Date.now(),
      (now) => now > before + 1,
    );
  }
  await hands.consumer.close();
}

/** False if the work was `unavailable`. */
async function faultFree(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'unavailable') return false;
    throw error;
  }
}

/** What is to be true of a job: where it is, and how many deliveries it has had. */
interface Expected {
  place: 'alive' | 'dead' | 'gone';
  attempts: number;
}

type Step = 'enqueue' | 'done' | 'retry' | 'delay' | 'giveUp' | 'putBack' | 'die' | 'replay' | 'discard';

const STEPS: readonly Step[] = ['enqueue', 'enqueue', 'enqueue', 'done', 'retry', 'retry', 'delay', 'giveUp'];
const RARE_STEPS: readonly Step[] = ['putBack', 'die', 'replay', 'discard'];

function modelTest(makeDriver: MakeQueueDriver): void {
  test(
    '[QUE15] any sequence of operations delivers each job that is alive as its next attempt, and buries the others',
    async () => {
      const policy = { ...POLICY, delaysMs: [1] };
      const steps = fc.array(fc.constantFrom(...STEPS, ...RARE_STEPS), { maxLength: 25 });
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (sequence, prefetch) => {
          await using driver = await makeDriver(policy);
          await new ModelRun(await driver.open(), prefetch).run(sequence);
        }),
        { numRuns: 12 },
      );
    },
    TEST_MS,
  );
}

class ModelRun {
  readonly #queue: JobQueue;
  readonly #prefetch: number;
  readonly #jobs = new Map<string, Expected>();
  #hands: Hands;

  constructor(queue: JobQueue, prefetch: number) {
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.#hands = new Hands(queue, prefetch);
  }

  async run(sequence: readonly Step[]): Promise<void> {
    for (const step of sequence) {
      await this.#do(step);
      await this.#settle();
    }
    const dead = (await this.#queue.dead(1_000)).map(({ id, attempts }) => [id, attempts]).sort();
    const expected = this.#in('dead').map(([id, { attempts }]) => [id, attempts]);
    expect(dead).toEqual(expected.sort());
    await this.#queue.close();
  }

  #in(place: Expected['place']): [string, Expected][] {
    return [...this.#jobs].filter(([, expected]) => expected.place === place);
  }

  /** Waits until the consumer holds what it can, and compares it. */
  async #settle(): Promise<void> {
    const alive = this.#in('alive').length;
    const deliveries = await this.#hands.received(Math.min(alive, this.#prefetch));
    expect(deliveries.length).toBe(Math.min(alive, this.#prefetch));
    for (const { job: got } of deliveries) {
      const expected = this.#jobs.get(got.id);
      expect([got.id, expected?.place, got.attempt]).toEqual([got.id, 'alive', (expected?.attempts ?? 0) + 1]);
      expect(textOf(got.body)).toBe(`body of ${got.id}`);
    }
  }

  async #do(step: Step): Promise<void> {
    if (step === 'enqueue') {
      const id = `job-${this.#jobs.size}`;
      await this.#queue.enqueue(job(id));
      this.#jobs.set(id, { place: 'alive', attempts: 0 });
      return;
    }
    if (step === 'die') return await this.#die();
    if (step === 'replay' || step === 'discard') {
      const ids = this.#in('dead').map(([id]) => id);
      expect(await this.#queue[step](ids)).toBe(ids.length);
      for (const id of ids) this.#jobs.set(id, { place: step === 'replay' ? 'alive' : 'gone', attempts: 0 });
      return;
    }
    const delivery = this.#hands.got.shift()?.delivery;
    if (delivery === undefined) return;
    const expected = this.#jobs.get(delivery.job.id)!;
    if (step === 'putBack') return await delivery.putBack();
    expected.attempts += 1;
    if (step === 'done') {
      await delivery.done();
      expected.place = 'gone';
    } else if (step === 'giveUp') {
      await delivery.giveUp('given up');
      expected.place = 'dead';
    } else {
      const answer = await delivery.retry('failed', step === 'delay' ? undefined : 0);
      expect(answer).toBe(expected.attempts < 3 ? 'again' : 'dead');
      if (answer === 'dead') expected.place = 'dead';
    }
  }

  /** What the consumer held counts as tried; without an attempt left it is dead. */
  async #die(): Promise<void> {
    const held = this.#hands.got.map(({ delivery }) => delivery.job.id);
    await this.#hands.consumer.close();
    for (const id of held) {
      const expected = this.#jobs.get(id)!;
      expected.attempts += 1;
      if (expected.attempts === 3) expected.place = 'dead';
    }
    this.#hands = new Hands(this.#queue, this.#prefetch);
    await eventually(
      'those without an attempt to be dead',
      async () => (await this.#queue.dead(1_000)).length,
      (count) => count >= this.#in('dead').length,
    );
  }
}
