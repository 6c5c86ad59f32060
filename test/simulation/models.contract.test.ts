/** The storage models of the simulator under the contract of every port: what they let pass, a real driver lets pass. */
import { setDefaultTimeout } from 'bun:test';
import { SeededRandom } from '../../src/testkit/simulation/random.ts';
import { Schedule } from '../../src/testkit/simulation/schedule.ts';
import { MemoryRecords } from '../contract/memory-records.ts';
import { messageLogContract } from '../contract/message-log.ts';
import { messageStoreContract } from '../contract/message-store.ts';
import { recordsContract } from '../contract/records.ts';
import { TEST_MS } from '../support/wait.ts';
import { SimulatedDisk } from './engine/disk.ts';
import { LogModel } from './engine/log-model.ts';
import { openRecords, StoreModel } from './engine/store-model.ts';

setDefaultTimeout(TEST_MS);

/** A disk whose virtual time runs by itself: it is stepped for as long as somebody waits for it. */
function runningDisk(atOnce: boolean): SimulatedDisk {
  const random = new SeededRandom(1);
  const schedule = new Schedule(random);
  const after = schedule.after.bind(schedule);
  schedule.after = (delayMs, run) => {
    setImmediate(() => schedule.step());
    return after(delayMs, run);
  };
  return new SimulatedDisk({ schedule, random, atOnce });
}

for (const atOnce of [true, false]) {
  messageLogContract(`the simulator's model, ${atOnce ? 'at once' : 'later'}`, () => {
    const log = new LogModel(runningDisk(atOnce));
    return {
      openWriter: (fence) => log.openWriter(fence),
      openReader: () => log.openReader(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  });
}

messageStoreContract("the simulator's model", () => {
  const store = new StoreModel(runningDisk(false));
  return {
    openWriter: () => store.openWriter(),
    openReader: () => store.openReader(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});

recordsContract("the simulator's model", () => {
  const disk = runningDisk(false);
  const durable = new MemoryRecords();
  return { open: () => openRecords(durable, disk), [Symbol.asyncDispose]: () => Promise.resolve() };
});
