/** Message events as a program beside the engine gets them. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib';
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpMessageEvents } from '../../src/storage/amqp/message-events.ts';
import { amqpNames } from '../../src/storage/amqp/names.ts';
import type { LogRecord } from '../../src/storage/ports/log-record.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS, Watchers } from '../support/wait.ts';
import { deleteAll, testPrefix } from './amqp-names.ts';

setDefaultTimeout(TEST_MS);

function record(room: string, seq: number, stream: LogRecord['stream'] = 'messages'): LogRecord {
  const frame = new TextEncoder().encode(`${room}${seq};`);
  return { stream, slot: 1, epoch: 1, room, seq, sender: 'someone', nonce: `n${seq}`, at: 1, frame };
}

/** A program that listens. */
class Listener implements AsyncDisposable {
  readonly got: { readonly key: string; readonly headers: unknown; readonly body: string }[] = [];
  readonly #arrivals = new Watchers();
  readonly #connection: ChannelModel;
  readonly #channel: Channel;

  private constructor(connection: ChannelModel, channel: Channel) {
    this.#connection = connection;
    this.#channel = channel;
  }

  static async of(url: string, prefix: string, pattern: string, queueArguments = {}): Promise<Listener> {
    const connection = await connect(url);
    const channel = await connection.createChannel();
    const { events } = amqpNames(prefix);
    await channel.assertExchange(events, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true, arguments: queueArguments });
    await channel.bindQueue(queue, events, pattern);
    const listener = new Listener(connection, channel);
    if (Object.keys(queueArguments).length === 0) await channel.consume(queue, (message) => listener.#take(message));
    return listener;
  }

  #take(message: ConsumeMessage | null): void {
    if (message === null) return;
    const { content, fields, properties } = message;
    this.got.push({ key: fields.routingKey, headers: properties.headers, body: content.toString() });
    this.#channel.ack(message);
    this.#arrivals.look();
  }

  async events(count: number): Promise<Listener['got']> {
    return await this.#arrivals.until(`${count} events`, () => (this.got.length >= count ? this.got : undefined));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
  }
}

describeWith(['rabbitmq'], 'message events', ({ MAILROOM_AMQP_URL: url = '' }) => {
  async function withEvents(work: (events: AmqpMessageEvents, prefix: string) => Promise<void>): Promise<void> {
    const prefix = testPrefix();
    const connection = new AmqpConnection({ url, name: 'test: events' });
    const events = new AmqpMessageEvents({ connection, prefix, waitMs: 30_000, maxEventBytes: 8 });
    try {
      await work(events, prefix);
    } finally {
      await events.close();
      await connection.close();
      await deleteAll(url, prefix, 0);
    }
  }

  test('[EVT1] a batch’s messages come as one event a room, in order, with the frames as sockets get them', async () => {
    await withEvents(async (events, prefix) => {
      await using all = await Listener.of(url, prefix, 'room.*.message');
      await using one = await Listener.of(url, prefix, 'room.b.#');
      await events.stored([record('a', 1), record('b', 7), record('a', 2), record('a', 3), record('b', 1, 'changes')]);
      expect(await all.events(3)).toEqual([
        { key: 'room.a.message', headers: { room: 'a', firstSeq: 1, lastSeq: 2 }, body: 'a1;a2;' },
        { key: 'room.b.message', headers: { room: 'b', firstSeq: 7, lastSeq: 7 }, body: 'b7;' },
        { key: 'room.a.message', headers: { room: 'a', firstSeq: 3, lastSeq: 3 }, body: 'a3;' },
      ]);
      expect((await one.events(2)).map(({ key }) => key)).toEqual(['room.b.message', 'room.b.changed']);
      expect(events.counts).toEqual({ published: 4, dropped: 0 });
    });
  });

  test('[EVT2] with nobody listening events go nowhere, and nobody waits', async () => {
    await withEvents(async (events) => {
      await events.stored([record('a', 1)]);
      expect(events.counts).toEqual({ published: 1, dropped: 0 });
    });
  });

  test('[EVT3] an event that a listener’s queue refuses is dropped and counted, and the next one is not held up', async () => {
    await withEvents(async (events, prefix) => {
      const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
      await using _full = await Listener.of(url, prefix, 'room.a.*', full);
      await using other = await Listener.of(url, prefix, 'room.b.*');
      for (let seq = 1; seq <= 4; seq += 1) await events.stored([record('a', seq)]);
      await events.stored([record('b', 1)]);
      expect(await other.events(1)).toHaveLength(1);
      expect(events.counts.dropped).toBeGreaterThan(0);
      expect(events.counts.published + events.counts.dropped).toBe(5);
    });
  });

  test('[EVT3] without a broker events are dropped after their time, and counted', async () => {
    const connection = new AmqpConnection({ url: 'amqp://127.0.0.1:1', name: 'test: nowhere' });
    const events = new AmqpMessageEvents({ connection, waitMs: 20 });
    await events.stored([record('a', 1), record('b', 1)]);
    expect(events.counts).toEqual({ published: 0, dropped: 2 });
    await events.close();
    await connection.close();
  });
});
