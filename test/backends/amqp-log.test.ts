/** What the message log over RabbitMQ does beyond the contract of its port. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { type Channel, connect } from 'amqplib';
import { encodeFence, encodeRecords } from '../../src/storage/amqp/log/group-codec.ts';
import { groupId } from '../../src/storage/amqp/log/group-id.ts';
import { positionOf } from '../../src/storage/amqp/log/position.ts';
import { prepareLog } from '../../src/storage/amqp/log/topology.ts';
import { amqpNames } from '../../src/storage/amqp/names.ts';
import type { LogBatch } from '../../src/storage/ports/message-log.ts';
import { faultOf } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { type AmqpWorld, amqpWorld, group, Mover, PARTITION, PARTITIONS } from './amqp-world.ts';

// A broker that others use too may take long to sync; nothing here waits for time to pass.
setDefaultTimeout(60_000);

/** Sends what a test says to the partition's queue, as a writer does. */
async function foreignWriter(
  url: string,
  { prefix }: AmqpWorld,
): Promise<
  AsyncDisposable & {
    readonly channel: Channel;
    send(body: Buffer, messageId?: string): Promise<void>;
  }
> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  return {
    channel,
    send: async (body, messageId) => {
      const properties = { persistent: true, ...(messageId === undefined ? {} : { messageId }) };
      channel.publish(amqpNames(prefix).log, String(PARTITION), body, properties);
      await channel.waitForConfirms();
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

const records = (epoch: number, number: number, ...texts: string[]): Buffer =>
  encodeRecords(PARTITION, positionOf(epoch, number), group(...texts));

const seen = (mover: Mover, count: number): Promise<readonly string[]> =>
  eventually(
    `${count} records`,
    () => mover.texts,
    (texts) => texts.length >= count,
    20_000,
  );

describeWith(['rabbitmq'], 'the message log over RabbitMQ', ({ MAILROOM_AMQP_URL: url = '' }) => {
  test('[AMQ5] the number of partitions is recorded, and another one is refused by name', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const topology = { prefix: world.prefix, partitions: PARTITIONS, settleMs: 0 };
    await prepareLog(world.publishing, topology, 20_000);
    await prepareLog(world.publishing, topology, 20_000);
    const other = prepareLog(world.publishing, { ...topology, partitions: 5 }, 20_000);
    expect(other).rejects.toMatchObject({ code: 'refused', message: 'the message log has 4 partitions, not 5' });
    await other.catch(() => undefined);
  });

  test('[AMQ6] lines cut at any moment lose, repeat and reorder nothing that was answered', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    const mover = new Mover(world.reader());
    const written: string[] = [];
    for (let index = 0; index < 300; index += 1) {
      const append = writer.append(group(`a${index}`, `b${index}`));
      written.push(`a${index}`, `b${index}`);
      if (index % 20 === 7) world.publishing.cut('the test cuts it');
      if (index % 20 === 13) world.consuming.cut('the test cuts it');
      await append;
    }
    expect(await seen(mover, written.length)).toEqual(written);
    expect(mover.positions).toEqual(Array.from({ length: 301 }, (_, number) => positionOf(1, number)));
    await writer.close();
  });

  test('[AMQ6] appends that do not wait for each other become durable in calling order', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    const mover = new Mover(world.reader());
    const texts = Array.from({ length: 40 }, (_, index) => `record ${index}`);
    const appends = texts.map((text) => writer.append(group(text)));
    world.publishing.cut('the test cuts it');
    expect(await Promise.all(appends)).toEqual(texts.map((_, index) => positionOf(1, index + 1)));
    expect(await seen(mover, texts.length)).toEqual(texts);
    await writer.close();
  });

  test('[AMQ6] records beyond the bound of a group become several groups, and one alone beyond it is refused', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1, { maxGroupBytes: 30 });
    const mover = new Mover(world.reader());
    expect(await writer.append(group('0123456789', '0123456789', 'a', 'b'))).toBe(positionOf(1, 2));
    expect(await faultOf(() => writer.append(group('0123456789012345678901234567')))).toBe('refused');
    expect(await writer.append(group('c'))).toBe(positionOf(1, 3));
    expect(await seen(mover, 5)).toEqual(['0123456789', '0123456789', 'a', 'b', 'c']);
    await writer.close();
  });

  test('[AMQ7] at the bound of its queue an append waits, and goes on in order when the queue is trimmed', async () => {
    await using world = amqpWorld(url, { settleMs: 0, maxBytes: 2_000 });
    const writer = world.writer(1);
    const texts = Array.from({ length: 40 }, (_, index) => `${index} `.padEnd(200, '.'));
    const appends = texts.map((text) => writer.append(group(text)));
    await eventually(
      'the broker to refuse a group',
      () => writer.counts.refused,
      (refused) => refused > 2,
      20_000,
    );
    expect(writer.waiting).toBeGreaterThan(20);
    const mover = new Mover(world.reader({ prefetch: 5 }));
    await Promise.all(appends);
    expect(await seen(mover, texts.length)).toEqual(texts);
    await writer.close();
  });

  // The broker may forget a consumer that subscribes while the queue is being deleted.
  test('[AMQ8] a queue that is gone is declared anew, and the group that found none is published again', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    const mover = new Mover(world.reader({ watchMs: 200 }));
    await writer.append(group('before'));
    await seen(mover, 1);
    await using foreign = await foreignWriter(url, world);
    await foreign.channel.deleteQueue(amqpNames(world.prefix).logPartition(PARTITION));
    await writer.append(group('after'));
    expect(await seen(mover, 2)).toEqual(['before', 'after']);
    await writer.close();
  });

  test('[AMQ9] a former writer’s groups behind a fence, and copies that come late, are dropped', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const former = world.writer(1);
    await former.append(group('first'));
    const writer = world.writer(2);
    await writer.append(group('second'));
    await former.append(group('outdated'));
    await using foreign = await foreignWriter(url, world);
    await foreign.send(records(2, 1, 'second'), groupId(PARTITION, positionOf(2, 1)));
    await foreign.send(encodeFence(PARTITION, positionOf(2, 0), [2, 6]));
    await writer.append(group('third'));
    const reader = world.reader();
    const mover = new Mover(reader);
    expect(await seen(mover, 3)).toEqual(['first', 'second', 'third']);
    expect(reader.counts).toMatchObject({ outdated: 1, repeated: 2 });
    await former.close();
    await writer.close();
  });

  test('[AMQ10] a queue that lacks a group is corrupt, and nothing behind the hole is read', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    await writer.append(group('a'));
    await using foreign = await foreignWriter(url, world);
    await foreign.send(records(1, 3, 'behind the hole'));
    const reader = world.reader();
    const arrived = new Promise<void>((resolve) => {
      reader.onArrival(() => {
        if (reader.counts.taken === 3) resolve();
      });
    });
    reader.read(0, 1);
    await arrived;
    const before = reader.read(0, Number.MAX_SAFE_INTEGER).map(({ position }) => position);
    expect(before).toEqual([positionOf(1, 0), positionOf(1, 1)]);
    expect(() => reader.read(positionOf(1, 1), 1)).toThrow(/lacks what was between the groups 1\/1 and 1\/3/);
    await reader.close();
    await writer.close();
  });

  test('[AMQ11] what is no group goes to the dead letters, whole and with the reason, and reading goes on', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    await writer.append(group('a'));
    await using foreign = await foreignWriter(url, world);
    await foreign.send(Buffer.from('from nowhere'));
    const torn = records(1, 2, 'torn');
    torn[20] = 0;
    await foreign.send(torn, groupId(PARTITION, positionOf(1, 2)));
    await foreign.send(records(1, 3, 'b'));
    const reader = world.reader();
    const mover = new Mover(reader);
    expect(await seen(mover, 2)).toEqual(['a', 'b']);
    expect(mover.positions).toEqual([0, 1, 2, 3].map((number) => positionOf(1, number)));
    expect(reader.counts.unreadable).toBe(2);
    expect(await world.letters.list(10)).toMatchObject([
      { kind: 'group', reason: "a message in the log's queue is too short", bytes: Buffer.from('from nowhere') },
      { kind: 'group', reason: "a message in the log's queue does not match its checksum", bytes: torn },
    ]);
    await writer.close();
  });

  test('[AMQ12] what was read and not trimmed comes again for the next reader, and what was trimmed does not', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    for (const text of ['a', 'b', 'c']) await writer.append(group(text));
    const reader = world.reader();
    await eventually(
      'four groups',
      () => reader.read(0, 1_000),
      (batches) => batches.length === 4,
    );
    reader.trim(positionOf(1, 1));
    await reader.close();
    const next = world.reader();
    const again = (): readonly LogBatch[] => next.read(positionOf(1, 1), 1_000);
    await eventually('two groups', again, (batches) => batches.length === 2);
    expect(again().map(({ position }) => position)).toEqual([positionOf(1, 2), positionOf(1, 3)]);
    expect(next.counts.repeated).toBe(0);
    await next.close();
    await writer.close();
  });

  test('[AMQ12] groups that the store had already are handed over before they are acknowledged', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1);
    for (const text of ['a', 'b', 'c']) await writer.append(group(text));
    const stored: LogBatch[] = [];
    const reader = world.reader({
      onStored: async (batch) => {
        stored.push(batch);
      },
    });
    const rest = (): readonly LogBatch[] => reader.read(positionOf(1, 2), 1_000);
    await eventually('the last group', rest, (batches) => batches.length === 1);
    expect(stored.map(({ position }) => position)).toEqual([0, 1, 2].map((number) => positionOf(1, number)));
    await reader.close();
    await writer.close();
  });

  test('[AMQ13] closing answers what is not confirmed with `unavailable`', async () => {
    await using world = amqpWorld(url, { settleMs: 0 });
    const writer = world.writer(1, { connection: world.consuming, closeMs: 1 });
    await world.consuming.close();
    const append = faultOf(() => writer.append(group('a')));
    await writer.close();
    expect(await append).toBe('unavailable');
    expect(await faultOf(() => writer.append(group('b')))).toBe('unavailable');
  });
});
