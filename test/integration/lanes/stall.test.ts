import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { Ring } from '../../../src/runtime/lanes/ring.ts';
import { pinnedId } from '../../../src/runtime/placement.ts';
import type { Shard } from '../../../src/runtime/shard.ts';
import { eventually, PATIENCE_MS, TEST_MS } from '../../support/wait.ts';
import { sinkKind } from './kinds.ts';
import { type LaneEnd, MAX_PENDING_BYTES, startShard } from './lane-thread.ts';

setDefaultTimeout(TEST_MS);

const RING_BYTES = 64 * 1024;
/** Rounds that go on after the first refusal, and for how long the thread stands still at least. */
const ROUNDS = 50;
const STALL_MS = 10_000;
const PAUSE_MS = 20;
const TEXT = 'x'.repeat(100);

/** Three threads, each with a lane to each other one; this thread is number 0. */
async function startThreads(): Promise<{ shard: Shard; release(): void; stop(): void }> {
  const ends: LaneEnd[][] = [[], [], []];
  const gate = new SharedArrayBuffer(4);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const [there, back] = [Ring.memory(RING_BYTES), Ring.memory(RING_BYTES)];
    const { port1, port2 } = new MessageChannel();
    ends[a]?.push({ peer: b, outgoing: there, incoming: back, bell: port1 });
    ends[b]?.push({ peer: a, outgoing: back, incoming: there, bell: port2 });
  }
  const workers = await Promise.all(
    [1, 2].map(async (thread) => {
      const worker = new Worker(new URL('./lane-thread.ts', import.meta.url).href);
      const ready = new Promise((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = reject;
      });
      const own = ends[thread] as LaneEnd[];
      worker.postMessage(
        { thread, ends: own, gate },
        own.map(({ bell }) => bell),
      );
      await ready;
      return worker;
    }),
  );
  const shard = startShard({ thread: 0, ends: ends[0] as LaneEnd[], gate });
  const release = (): void => {
    const word = new Int32Array(gate);
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
  };
  return {
    shard,
    release,
    stop() {
      // A thread that is blocked could not be ended.
      release();
      shard.shutdown();
      for (const { bell } of ends[0] as LaneEnd[]) bell.close();
      for (const worker of workers) worker.terminate();
    },
  };
}

describe('a thread that stalls', () => {
  let threads: Awaited<ReturnType<typeof startThreads>>;
  beforeAll(async () => {
    threads = await startThreads();
  });
  afterAll(() => threads.stop());

  test('[LANE5] for ten seconds: others go on, senders are refused within bounded memory, and afterwards nothing accepted is lost', async () => {
    const { shard } = threads;
    const stalled = shard.ref(sinkKind, pinnedId(1, 'a'));
    const healthy = shard.ref(sinkKind, pinnedId(2, 'a'));
    // Both answer before it begins.
    for (const ref of [stalled, healthy]) expect((await shard.ask(ref, { type: 'tally' }, PATIENCE_MS)).ok).toBe(true);

    shard.tell(stalled, { type: 'block' });
    const accepted = { stalled: 0, healthy: 0 };
    const last = { stalled: -1, healthy: -1 };
    let refused = 0;
    let mostPending = 0;
    const beganMs = performance.now();
    for (let n = 0, rounds = 0; rounds < ROUNDS || performance.now() - beganMs < STALL_MS; ) {
      if (refused > 0) rounds += 1;
      for (let burst = 0; burst < 200; burst++, n++) {
        if (shard.tell(stalled, { type: 'note', n, text: TEXT })) {
          accepted.stalled += 1;
          last.stalled = n;
        } else refused += 1;
        if (burst % 10 === 0 && shard.tell(healthy, { type: 'note', n, text: TEXT })) {
          accepted.healthy += 1;
          last.healthy = n;
        }
        mostPending = Math.max(mostPending, shard.pendingLaneBytes);
      }
      // The other thread answers although the first one stands still.
      expect((await shard.ask(healthy, { type: 'tally' }, PATIENCE_MS)).ok).toBe(true);
      if (refused > 0) await Bun.sleep(PAUSE_MS);
    }
    const refusedAsk = await shard.ask(stalled, { type: 'tally' }, PATIENCE_MS);
    expect(refusedAsk.ok ? 'answered' : refusedAsk.fault.code).toBe('overloaded');
    expect(shard.refusedByLanes).toBeGreaterThanOrEqual(refused);
    // The bound holds for each lane; one message and one definition may stand past it.
    expect(mostPending).toBeLessThan(2 * (MAX_PENDING_BYTES + 512));
    threads.release();

    // Credit comes back as the stalled thread reads on: what is taken now is behind everything that was taken before.
    const final = await eventually(
      'the stalled thread to take a question',
      () => shard.ask(stalled, { type: 'tally' }, PATIENCE_MS),
      ({ ok }) => ok,
    );
    expect(final).toEqual({ ok: true, value: { count: accepted.stalled, last: last.stalled, ordered: true } });
    const other = await shard.ask(healthy, { type: 'tally' }, PATIENCE_MS);
    expect(other).toEqual({ ok: true, value: { count: accepted.healthy, last: last.healthy, ordered: true } });
    expect(shard.pendingLaneBytes).toBe(0);
  });
});
