import { expect, test } from 'bun:test';
import { evenPlacement } from '../../runtime/placement.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { MessageLogReader } from '../../storage/ports/message-log.ts';
import type { MessageStoreWriter } from '../../storage/ports/message-store.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { logWriterKind } from './log-writer-messages.ts';
import { Lag, persister, persisterKind } from './persister.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('[OUT14] a store that is away is told of once for each outage, and what waited is moved when it is back', async () => {
  const shard = new TestShard({ placement: evenPlacement(1, { persister: 0, 'log-writer': 0 }) });
  const writer = new Probe(shard, logWriterKind, '0');
  const faults: string[] = [];
  let isAway = true;
  const store = {
    persisted: () => (isAway ? Promise.reject(new StorageFault('unavailable', 'away')) : Promise.resolve(7)),
  } as unknown as MessageStoreWriter;
  const log = { read: () => [], trim: () => undefined } as unknown as MessageLogReader;
  shard.register(
    persisterKind,
    persister((partition) => ({
      partition,
      log,
      store,
      threads: [],
      maxBatchBytes: 1_000,
      putAside: () => undefined,
      wallMs: () => 0,
      onPaused: ({ message }) => void faults.push(message),
      lag: new Lag(),
      lingerMs: 10,
    })),
  );
  const ref = shard.ref(persisterKind, '0');
  const pass = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      shard.advance(1_000);
      // What a driver answers comes with the next turn.
      await turn();
      shard.settle();
    }
  };
  shard.tell(ref, { type: 'written' });
  shard.settle();
  await pass(120);
  expect(faults).toEqual(['away']);
  isAway = false;
  await pass(10);
  expect(writer.expect('persisted')).toMatchObject({ position: 7 });
  isAway = true;
  shard.tell(ref, { type: 'written' });
  await pass(60);
  expect(faults).toEqual(['away', 'away']);
});
