import { expect, test } from 'bun:test';
import { SimulatedLink } from './link.ts';
import { SeededRandom } from './random.ts';
import { Schedule } from './schedule.ts';

function linkOf(seed: number, capacityBytes = 64): { schedule: Schedule; link: SimulatedLink; woken: string[] } {
  const random = new SeededRandom(seed);
  const schedule = new Schedule(random.fork());
  const woken: string[] = [];
  const link = new SimulatedLink({
    schedule,
    capacityBytes,
    latencyMs: () => random.between(0, 10),
    wakeReader: () => woken.push('reader'),
    wakeWriter: () => woken.push('writer'),
  });
  return { schedule, link, woken };
}

function readAll(link: SimulatedLink): number[] {
  const into = new Uint8Array(link.waiting());
  link.read(into, 0);
  return [...into];
}

test('[SIM12] a lane loses nothing and keeps its order, however late each part is', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { schedule, link } = linkOf(seed);
    const sent = Array.from({ length: 40 }, (_, index) => index);
    for (const byte of sent) expect(link.write(Uint8Array.of(byte), 1)).toBe(1);
    while (schedule.step());
    expect(readAll(link)).toEqual(sent);
  }
});

test('[SIM12] a full lane takes no more, and wakes the writer that waits once it was read', () => {
  const { schedule, link, woken } = linkOf(1, 4);
  expect(link.write(Uint8Array.of(1, 2, 3, 4, 5, 6), 6)).toBe(4);
  link.awaitCredit();
  expect(link.write(Uint8Array.of(5), 1)).toBe(0);
  while (schedule.step());
  expect(readAll(link)).toEqual([1, 2, 3, 4]);
  expect(woken).toEqual(['reader', 'writer']);
  expect(link.write(Uint8Array.of(5, 6), 2)).toBe(2);
});

test('[SIM12] a reader that is awake is not woken, and one that falls asleep on waiting bytes is told', () => {
  const { schedule, link, woken } = linkOf(1);
  link.awake();
  link.write(Uint8Array.of(1), 1);
  while (schedule.step());
  expect(woken).toEqual([]);
  expect(link.sleep()).toBe(false);
});
