import { expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { createLogger } from '../../log/logger.ts';
import type { Delivery } from '../../storage/ports/queue.ts';
import type { ThreadConfig } from '../crew.ts';
import { openQueues, type QueueOwner } from './queues.ts';

const POLICY = { maxAttempts: 3, delaysMs: [1_000], maxJobs: 10, maxDead: 10 };
const log = createLogger({ level: 'error', format: 'json', sink: () => undefined, now: () => 0 });

function open(dataDir: string, owner: QueueOwner) {
  const storage = { mysql: undefined, redis: undefined, amqp: undefined, s3: undefined, namespace: 'test' };
  return openQueues({ config: { dataDir, storage } as unknown as ThreadConfig, log }, owner);
}

test('[QUE1] two threads have queues of their own beside each other, and a job survives its queue’s closing', async () => {
  const dataDir = mkdtempSync('/tmp/mailroom-queues-');
  try {
    const files = open(dataDir, 'files');
    const hooks = open(dataDir, 'hooks');
    await hooks.queue('hooks', POLICY).enqueue({ id: 'one', body: Uint8Array.of(1) });
    expect(hooks.queue('hooks', POLICY)).toBe(hooks.queue('hooks', POLICY));
    await hooks.close();
    await files.close();
    const again = open(dataDir, 'hooks');
    const { promise, resolve } = Promise.withResolvers<Delivery>();
    again.queue('hooks', POLICY).consume({ prefetch: 1, deliver: resolve });
    const delivery = await promise;
    expect([delivery.job.id, [...delivery.job.body]]).toEqual(['one', [1]]);
    await delivery.done();
    await again.close();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
