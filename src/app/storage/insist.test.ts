import { expect, test } from 'bun:test';
import { createLogger } from '../../log/logger.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { insist } from './insist.ts';

function lines() {
  const written: string[] = [];
  const sink = (line: string): void => void written.push(line);
  return { written, log: createLogger({ level: 'debug', format: 'json', sink, now: () => 0 }) };
}

test('[OUT14] a start that waits for a back end says why, once for each reason', async () => {
  const { written, log } = lines();
  const reasons = ['refused', 'refused', 'silent'];
  const value = await insist(log, 'open it', () => {
    const reason = reasons.shift();
    return reason === undefined ? Promise.resolve('open') : Promise.reject(new StorageFault('unavailable', reason));
  });
  expect(value).toBe('open');
  expect(written.map((line) => JSON.parse(line).fault)).toEqual(['refused', 'silent']);
});

test('[OUT14] a start does not wait where waiting is in vain', async () => {
  const { written, log } = lines();
  const work = (): Promise<never> => Promise.reject(new StorageFault('refused', 'another node lives'));
  await expect(insist(log, 'open it', work)).rejects.toThrow('another node lives');
  expect(written).toEqual([]);
});
