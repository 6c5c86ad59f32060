/**
 * Job queues while RabbitMQ is stopped, killed and started again. It needs a set of services of its own and a minute, so it
 * runs where MAILROOM_TEST_SERVICES=1 asks for it; elsewhere this file holds no test.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { QueuePolicy } from '../../src/storage/ports/queue.ts';
import { TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { type OwnServices, ownServices } from './own-services.ts';
import { Hands, job } from './queue.ts';
import { amqpQueueDriver } from './queue-amqp.ts';

setDefaultTimeout(TEST_MS);

const POLICY: QueuePolicy = { maxAttempts: 5, delaysMs: [100, 600_000], maxJobs: 200, maxDead: 100 };

if (process.env.MAILROOM_TEST_SERVICES === '1') {
  let services: OwnServices;
  let url = '';

  beforeAll(async () => {
    services = await ownServices('rabbitmq');
    url = (await services.variables()).MAILROOM_AMQP_URL ?? '';
  });
  afterAll(() => services[Symbol.asyncDispose]());

  test('[QUE22] while the broker hangs all is unavailable within its deadline, and works when it goes on', async () => {
    await using driver = await amqpQueueDriver(url, POLICY);
    const queue = await driver.open({ waitMs: 500, browseMs: 500 });
    await queue.ping();
    await queue.enqueue(job('before'));
    const hands = new Hands(queue);
    const held = await hands.next();
    const broker = await services.pid('rabbitmq');
    process.kill(broker, 'SIGSTOP');
    try {
      expect(await faultOf(() => queue.enqueue(job('meanwhile')))).toBe('unavailable');
      expect(await faultOf(() => held.retry('failed', 0))).toBe('unavailable');
      expect(await faultOf(() => queue.dead(1))).toBe('unavailable');
    } finally {
      process.kill(broker, 'SIGCONT');
    }
    await queue.close();
    const patient = await driver.open();
    await patient.enqueue(job('after'));
    const others = new Hands(patient);
    const seen = new Set<string>();
    while (!(seen.has('before') && seen.has('after'))) {
      const delivery = await others.next();
      seen.add(delivery.job.id);
      await delivery.done();
    }
    await patient.close();
  });

  test('[QUE22] a broker that is killed has every job that it took, waiting, delayed, held or dead', async () => {
    await using driver = await amqpQueueDriver(url, POLICY);
    const queue = await driver.open({ waitMs: TEST_MS });
    const hands = new Hands(queue, 1);
    await queue.enqueue(job('dead'));
    await (await hands.next()).giveUp('hopeless');
    await queue.enqueue(job('held'));
    await hands.received(1);
    await queue.enqueue(job('delayed', 600_000));
    const ids = Array.from({ length: 20 }, (_, index) => `job-${index}`);
    for (const id of ids) await queue.enqueue(job(id));
    await driver.settleNames();
    await services.kill('rabbitmq');
    expect(await faultOf(() => hands.got.shift()!.delivery.done())).toBe('unavailable');
    // Published while the broker is away, and confirmed when it is back.
    const meanwhile = queue.enqueue(job('meanwhile'));
    await services.up('rabbitmq');
    await meanwhile;
    const seen = await drain(hands, [...ids, 'held', 'meanwhile']);
    expect(seen.has('delayed')).toBe(false);
    expect(await queue.dead(10)).toMatchObject([{ id: 'dead', reason: 'hopeless' }]);
    // Its clock says that the delay is over.
    const later = await driver.open({ now: () => Date.now() + 600_000 });
    await drain(new Hands(later, 1), ['delayed']);
    await later.close();
  });

  /** Finishes jobs until all that are wanted were among them. */
  async function drain(hands: Hands, wanted: readonly string[]): Promise<Set<string>> {
    const seen = new Set<string>();
    while (!wanted.every((id) => seen.has(id))) {
      const delivery = await hands.next();
      seen.add(delivery.job.id);
      await delivery.done();
    }
    return seen;
  }
}
