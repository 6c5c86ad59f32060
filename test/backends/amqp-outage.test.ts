/**
 * The message log while its broker is killed, stopped and started again. It needs a broker of its own and half a minute, so
 * it runs where MAILROOM_TEST_SERVICES=1 asks for it; elsewhere this file holds no test.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { execute } from '../../scripts/services/execute.ts';
import { rabbitmqEnvironment } from '../../scripts/services/rabbitmq.ts';
import { openSite } from '../../scripts/services/site.ts';
import { positionOf } from '../../src/storage/amqp/log/position.ts';
import type { AmqpLogWriter } from '../../src/storage/amqp/log/writer.ts';
import { type OwnServices, ownServices } from '../contract/own-services.ts';
import { eventually, TEST_MS } from '../support/wait.ts';
import { amqpWorld, group, Mover } from './amqp-world.ts';

setDefaultTimeout(TEST_MS);

/** Appends without a pause until it is told to end; what was answered, in order. */
class Appender {
  readonly answered: string[] = [];
  readonly #writer: AmqpLogWriter;
  readonly #done: Promise<void>;
  #ending = false;

  constructor(writer: AmqpLogWriter) {
    this.#writer = writer;
    this.#done = this.#run();
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#done;
  }

  async answers(count: number): Promise<void> {
    const goal = this.answered.length + count;
    await eventually(
      `${count} more answers`,
      () => this.answered.length,
      (length) => length >= goal,
      60_000,
    );
  }

  async #run(): Promise<void> {
    for (let index = 0; !this.#ending; index += 1) {
      const text = `record ${index}`;
      await this.#writer.append(group(text));
      this.answered.push(text);
    }
  }
}

if (process.env.MAILROOM_TEST_SERVICES === '1') {
  let services: OwnServices;
  let url = '';

  beforeAll(async () => {
    services = await ownServices('rabbitmq');
    url = (await services.variables()).MAILROOM_AMQP_URL ?? '';
  });
  afterAll(() => services[Symbol.asyncDispose]());

  async function whatWasAnsweredIsReadOnceInOrder(interrupt: (appender: Appender) => Promise<void>): Promise<void> {
    await using world = amqpWorld(url);
    const writer = world.writer(1);
    const reader = world.reader();
    const mover = new Mover(reader);
    const appender = new Appender(writer);
    await appender.answers(20);
    await interrupt(appender);
    await appender.answers(20);
    await appender.end();
    await eventually(
      'everything to be read',
      () => mover.texts.length,
      (length) => length >= appender.answered.length,
      60_000,
    );
    expect(mover.texts).toEqual(appender.answered);
    expect(mover.positions).toEqual(mover.positions.map((_, number) => positionOf(1, number)));
    await writer.close();
    await reader.close();
  }

  test('[AMQ14] a broker killed in the middle of appends costs nothing that was answered', async () => {
    await whatWasAnsweredIsReadOnceInOrder(async () => {
      await services.kill('rabbitmq');
      await services.up('rabbitmq');
    });
  });

  test('[AMQ14] a broker that hangs for longer than the line lives costs nothing that was answered', async () => {
    const pid = await services.pid('rabbitmq');
    await whatWasAnsweredIsReadOnceInOrder(async (appender) => {
      process.kill(pid, 'SIGSTOP');
      try {
        await using other = amqpWorld(url);
        const before = appender.answered.length;
        // Nobody gets through while it is stopped: a fresh line fails at its deadline.
        await expect(other.publishing.ready(5_000)).rejects.toMatchObject({ code: 'unavailable' });
        expect(appender.answered.length).toBeLessThan(before + 2);
        process.kill(pid, 'SIGCONT');
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });
  });

  async function setMemoryLimit(share: string): Promise<void> {
    const site = openSite(services.dir);
    if (site === undefined) throw new Error('no site');
    const words = ['set_vm_memory_high_watermark', share];
    await execute('/usr/lib/rabbitmq/bin/rabbitmqctl', words, { env: rabbitmqEnvironment(site) });
  }

  test('[AMQ15] a broker short of memory takes no appends, says so, and still gives what it has and lets it go', async () => {
    await using world = amqpWorld(url);
    const writer = world.writer(1);
    await writer.append(group('before'));
    await setMemoryLimit('0.000001');
    const append = writer.append(group('meanwhile'));
    await eventually(
      'the broker to say that it is short of memory',
      () => world.publishing.blocked,
      (blocked) => blocked,
    );
    const reader = world.reader();
    const mover = new Mover(reader);
    await eventually(
      'what was written before',
      () => mover.texts,
      (texts) => texts.length === 1,
    );
    expect(writer.counts.confirmed).toBe(2);
    await setMemoryLimit('0.4');
    expect(await append).toBe(positionOf(1, 2));
    await eventually(
      'the rest',
      () => mover.texts,
      (texts) => texts.length === 2,
    );
    expect(mover.texts).toEqual(['before', 'meanwhile']);
    await writer.close();
    await reader.close();
  });

  test('[AMQ14] appends wait while there is no broker, from the start on', async () => {
    await services.kill('rabbitmq');
    await using world = amqpWorld(url);
    const writer = world.writer(7);
    expect(writer.head).toBe(positionOf(7, 0));
    const append = writer.append(group('early'));
    await expect(world.publishing.ready(300)).rejects.toMatchObject({ code: 'unavailable' });
    expect(writer.counts.confirmed).toBe(0);
    await services.up('rabbitmq');
    expect(await append).toBe(positionOf(7, 1));
    await writer.close();
  });
}
