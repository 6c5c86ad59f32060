/**
 * A program beside the engine that keeps copies of its own: prints each key whose copies have ended, a line each.
 *
 *     bun examples/invalidation-consumer/main.ts
 *
 * It reads MAILROOM_AMQP_URL and MAILROOM_NAMESPACE as the engine does.
 */
import { connect } from 'amqplib';

/** What waited for longer is not worth hearing: copies have a time to live as well. */
const LIMITS = { 'x-message-ttl': 60_000, 'x-max-length': 10_000 };

const url = process.env.MAILROOM_AMQP_URL ?? 'amqp://127.0.0.1';
const exchange = `${process.env.MAILROOM_NAMESPACE ?? 'mailroom'}.invalidate`;

const connection = await connect(url);
const channel = await connection.createChannel();
await channel.assertExchange(exchange, 'fanout', { durable: true });
const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, arguments: LIMITS });
await channel.bindQueue(queue, exchange, '');
await channel.consume(
  queue,
  (message) => {
    if (message === null) throw new Error('the queue was deleted');
    for (const key of JSON.parse(message.content.toString()) as readonly string[]) console.log(key);
  },
  { noAck: true },
);
console.error(`listening on ${exchange}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void connection.close());
