import { expect, test } from 'bun:test';
import { StorageFault } from '../../ports/faults.ts';
import type { SqlRunner } from '../connection.ts';
import { readSemiSync, SemiSyncWatch } from './semi-sync.ts';

function runner(answer: () => Record<string, string>): SqlRunner {
  return {
    rows: async <R>() => {
      const rows = Object.entries(answer()).map(([Variable_name, Value]) => ({ Variable_name, Value }));
      return await Promise.resolve(rows as readonly unknown[] as readonly R[]);
    },
    run: () => Promise.reject(new Error('nothing is written')),
  };
}

test('[MSQ9] a primary waits for a replica only where it says so and has one', async () => {
  const status = 'Rpl_semi_sync_master_status';
  const clients = 'Rpl_semi_sync_master_clients';
  expect(await readSemiSync(runner(() => ({ [status]: 'ON', [clients]: '1' })))).toBe('on');
  expect(await readSemiSync(runner(() => ({ [status]: 'ON', [clients]: '0' })))).toBe('off');
  expect(await readSemiSync(runner(() => ({ [status]: 'OFF', [clients]: '1' })))).toBe('off');
  const source = { Rpl_semi_sync_source_status: 'ON', Rpl_semi_sync_source_clients: '2' };
  expect(await readSemiSync(runner(() => source))).toBe('on');
  const replicaOnly = { Rpl_semi_sync_slave_status: 'ON' };
  expect(await readSemiSync(runner(() => replicaOnly))).toBe('off');
  expect(await readSemiSync(runner(() => ({})))).toBe('off');
});

test('[MSQ9] the state is unknown before the first look and while nobody can be asked, and is read once an interval', async () => {
  let reads = 0;
  const away = (): never => {
    reads += 1;
    throw new StorageFault('unavailable', 'away');
  };
  const watch = new SemiSyncWatch(runner(away), 60_000);
  expect([watch.state, reads]).toEqual(['unknown', 0]);
  await Promise.all([watch.look(), watch.look()]);
  await watch.look();
  expect([watch.state, reads]).toEqual(['unknown', 1]);
});
