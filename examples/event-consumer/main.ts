/**
 * A program beside the engine: prints each new message once, a JSON line each, by listening to the message events.
 *
 *     bun examples/event-consumer/main.ts [QUEUE]
 *
 * It reads MAILROOM_AMQP_URL and MAILROOM_NAMESPACE as the engine does. With a QUEUE that it names, events wait there while
 * it is away; without one it hears only of what comes while it runs.
 */
import { type ConsumeMessage, connect } from 'amqplib';
import { Unpackr } from 'msgpackr';

interface Message {
  readonly room: string;
  readonly seq: number;
  readonly from: string;
  readonly at: number;
}

/** Enough for a consumer that is away for a while; then the oldest go. The engine is never held up by it. */
const MAX_QUEUE_BYTES = 64 * 1024 * 1024;

const url = process.env.MAILROOM_AMQP_URL ?? 'amqp://127.0.0.1';
const exchange = `${process.env.MAILROOM_NAMESPACE ?? 'mailroom'}.events`;
const queueName = process.argv[2];

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
/** Highest seq that was printed, by room. A program that keeps results keeps this with them. */
const printed = new Map<string, number>();

const connection = await connect(url);
const channel = await connection.createChannel();
await channel.assertExchange(exchange, 'topic', { durable: true });
const { queue } = await channel.assertQueue(queueName ?? '', {
  durable: queueName !== undefined,
  exclusive: queueName === undefined,
  arguments: { 'x-max-length-bytes': MAX_QUEUE_BYTES },
});
await channel.bindQueue(queue, exchange, 'room.*.message');
await channel.prefetch(100);
await channel.consume(queue, (event) => {
  if (event === null) throw new Error(`the queue ${queue} was deleted`);
  for (const message of messagesOf(event)) print(message);
  channel.ack(event);
});
console.error(`listening on ${exchange}`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void connection.close());

/** An event holds the room's frames back to back, each one `[2, 'message', [params]]`. */
function messagesOf({ content }: ConsumeMessage): readonly Message[] {
  const frames = unpackr.unpackMultiple(content) as readonly (readonly [number, string, readonly [Message]])[];
  return frames.map(([, , [message]]) => message);
}

/** Events come at least once, and may be dropped: seqs have no holes, so that both are seen. */
function print({ room, seq, from, at }: Message): void {
  const last = printed.get(room);
  if (last !== undefined && seq <= last) return;
  if (last !== undefined && seq > last + 1)
    console.error(`${room}: the messages after ${last} and before ${seq} were not told of`);
  printed.set(room, seq);
  console.log(JSON.stringify({ room, seq, from, at: new Date(at).toISOString() }));
}
