/** What is particular to job queues in RabbitMQ. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import type { ConfirmChannel } from 'amqplib';
import { onOwnChannel } from '../../src/storage/amqp/queue-browse.ts';
import type { QueuePolicy } from '../../src/storage/ports/queue.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, TEST_MS } from '../support/wait.ts';
import { faultOf } from './fault-of.ts';
import { Hands, job } from './queue.ts';
import { type AmqpQueueDriver, amqpQueueDriver } from './queue-amqp.ts';

setDefaultTimeout(TEST_MS);

const POLICY: QueuePolicy = { maxAttempts: 3, delaysMs: [60], maxJobs: 200, maxDead: 100 };

describeWith(['rabbitmq'], 'job queues in RabbitMQ', (variables) => {
  const driverOf = (policy: QueuePolicy): Promise<AmqpQueueDriver> =>
    amqpQueueDriver(variables.MAILROOM_AMQP_URL ?? '', policy);

  const onChannel = <T>(driver: AmqpQueueDriver, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> =>
    onOwnChannel(driver.publishing, 'do what the test wants', TEST_MS, work);

  test('[QUE19] delayed jobs whose delay ends while the queue is full wait on, and none is lost', async () => {
    await using driver = await driverOf({ ...POLICY, maxJobs: 5 });
    const queue = await driver.open();
    const hands = new Hands(queue, 1);
    const ids: string[] = [];
    let isFull = false;
    for (let index = 0; !isFull; index += 1) {
      isFull = (await queue.enqueue(job(`first-${index}`)).catch((error) => String(error.code))) === 'unavailable';
      if (!isFull) ids.push(`first-${index}`);
    }
    for (let index = 0; index < 5; index += 1) {
      await queue.enqueue(job(`delayed-${index}`, 60));
      ids.push(`delayed-${index}`);
    }
    const delayedAt = performance.now();
    await eventually(
      'every delay to have ended',
      () => performance.now() - delayedAt,
      (ms) => ms > 200,
    );
    const got: string[] = [];
    while (got.length < ids.length) {
      const delivery = await hands.next();
      got.push(delivery.job.id);
      await delivery.done();
    }
    expect(got.sort()).toEqual(ids.sort());
    await queue.close();
  });

  test('[QUE19] a delayed job outlives the loss of the connection that held it', async () => {
    await using driver = await driverOf({ ...POLICY, delaysMs: [60, 1_500] });
    const queue = await driver.open();
    const hands = new Hands(queue);
    await queue.enqueue(job('now'));
    await hands.received(1);
    await queue.enqueue(job('later', 1_500));
    driver.cutConsumers?.();
    const delivery = await eventually(
      'the delayed job',
      () => hands.got.find((got) => got.delivery.job.id === 'later'),
      (got) => got !== undefined,
    );
    expect(delivery?.delivery.job.attempt).toBe(1);
    await queue.close();
  });

  test('[QUE19] a job that kills each consumer before it can act is dead at the next that lives', async () => {
    await using driver = await driverOf(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('killer'));
    for (let death = 0; death < 25; death += 1) {
      await eventually(
        'the job to be back',
        () => onChannel(driver, (channel) => channel.get(driver.topology.waiting)),
        (message) => message !== false,
      );
    }
    const hands = new Hands(queue);
    const [dead] = await eventually(
      'it to be buried',
      () => queue.dead(10),
      (jobs) => jobs.length > 0,
    );
    expect(dead).toMatchObject({ id: 'killer', attempts: 25 });
    expect(dead!.reason).toContain('not settled');
    expect(hands.got).toEqual([]);
    expect(await queue.replay(['killer'])).toBe(1);
    expect((await hands.next()).job).toMatchObject({ id: 'killer', attempt: 1 });
    await queue.close();
  });

  test('[QUE20] what is no job is buried, and shown without an id', async () => {
    await using driver = await driverOf(POLICY);
    const queue = await driver.open();
    await queue.ping();
    const { exchange, waitingKey } = driver.topology;
    await onChannel(driver, async (channel) => {
      channel.publish(exchange, waitingKey, Buffer.from('nonsense'));
      await channel.waitForConfirms();
    });
    const hands = new Hands(queue);
    const [dead] = await eventually(
      'it to be buried',
      () => queue.dead(10),
      (jobs) => jobs.length > 0,
    );
    expect(dead).toMatchObject({ id: '', reason: 'it is no job' });
    expect(Buffer.from(dead!.body).toString()).toBe('nonsense');
    expect(await queue.replay([''])).toBe(0);
    expect(await queue.discard([''])).toBe(1);
    expect(hands.got).toEqual([]);
    await queue.close();
  });

  test('[QUE20] another policy than the one that the queues were made with is refused', async () => {
    await using driver = await driverOf(POLICY);
    await (await driver.open()).ping();
    const other = await driver.open({ policy: { ...POLICY, maxJobs: 201 }, waitMs: 5_000 });
    expect(await faultOf(() => other.ping())).toBe('refused');
    await other.close();
  });

  test('[QUE21] a job whose consumer loses its connection while it is moved comes again', async () => {
    await using driver = await driverOf(POLICY);
    const queue = await driver.open();
    await queue.enqueue(job('a'));
    const hands = new Hands(queue);
    const first = await hands.next();
    const outcome = first.retry('failed', 0).catch((error) => String(error.code));
    driver.cutConsumers?.();
    expect(['again', 'unavailable']).toContain(await outcome);
    const second = await hands.next();
    expect(second.job).toMatchObject({ id: 'a', attempt: 2 });
    await second.done();
    await queue.close();
  });
});
