import { expect, test } from 'bun:test';
import { Speed } from './speed.ts';

test('[WEB30] the speed is that of the last seconds, and the rest follows from it', () => {
  const speed = new Speed();
  expect(speed.bytesPerSecond).toBeUndefined();
  expect(speed.secondsTo(100)).toBeUndefined();
  for (let second = 0; second <= 10; second += 1) speed.add(second * 1_000, second * 1_000);
  expect(speed.bytesPerSecond).toBe(1_000);
  expect(speed.secondsTo(15_000)).toBe(5);
  for (let second = 11; second <= 20; second += 1) speed.add(10_000 + (second - 10) * 100, second * 1_000);
  expect(speed.bytesPerSecond).toBe(100);
  speed.reset();
  expect(speed.bytesPerSecond).toBeUndefined();
});
