/**
 * Invalidations on a fanout exchange: a JSON array of keys, to a queue of each node's own that ends with its connection.
 *
 * What is told in one turn is one message. Publishing and listening share a channel: nothing is acknowledged, so that a
 * broker which stops reading from here for want of room takes nothing from it but what may be dropped.
 */
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { EndedKeys, InvalidationCounts, Invalidations } from '../ports/invalidations.ts';
import type { ChannelUser, SupervisedChannel } from './channel.ts';
import type { AmqpConnection } from './connection.ts';
import { amqpNames } from './names.ts';

export interface AmqpInvalidationsOptions {
  readonly connection: AmqpConnection;
  readonly prefix?: string;
  /** Of this node's life. It knows its own messages by it. */
  readonly origin: string;
  readonly onEnded: (keys: EndedKeys) => void;
  /** Told each time that the queue is bound: from then on everything is heard. */
  readonly onListening?: () => void;
}

/** Of the queue: what is heard of too late is not worth hearing. */
const TTL_MS = 60_000;
const MAX_QUEUE_MESSAGES = 10_000;
const MAX_KEYS = 1_000;
/** Messages that the broker has not answered for. */
const MAX_UNDER_WAY = 1_000;
const MAX_KEY_LENGTH = 512;

export class AmqpInvalidations implements Invalidations, ChannelUser {
  readonly counts: InvalidationCounts = { told: 0, dropped: 0, heard: 0, malformed: 0 };
  readonly #options: AmqpInvalidationsOptions;
  readonly #exchange: string;
  readonly #handle: SupervisedChannel;
  #channel: ConfirmChannel | undefined;
  #queue = '';
  #underWay = 0;
  #pending = new Set<string>();

  /** The connection belongs to its opener. */
  constructor(options: AmqpInvalidationsOptions) {
    this.#options = options;
    this.#exchange = amqpNames(options.prefix).invalidations;
    this.#handle = options.connection.use(this);
  }

  tell(key: string): void {
    if (this.#pending.size === 0) queueMicrotask(() => this.#flush());
    this.#pending.add(key);
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#handle.close();
    this.#channel = undefined;
  }

  async prepare(channel: ConfirmChannel): Promise<void> {
    await channel.assertExchange(this.#exchange, 'fanout', { durable: true });
    const limits = { 'x-message-ttl': TTL_MS, 'x-max-length': MAX_QUEUE_MESSAGES };
    const { queue } = await channel.assertQueue('', { exclusive: true, durable: false, arguments: limits });
    await channel.bindQueue(queue, this.#exchange, '');
    this.#queue = queue;
  }

  async opened(channel: ConfirmChannel): Promise<void> {
    this.#channel = channel;
    await channel.consume(this.#queue, (message) => this.#hear(message), { noAck: true });
    this.#options.onListening?.();
  }

  lost(): void {
    this.#channel = undefined;
    this.#underWay = 0;
  }

  #flush(): void {
    const keys = [...this.#pending];
    this.#pending = new Set();
    for (let first = 0; first < keys.length; first += MAX_KEYS) this.#publish(keys.slice(first, first + MAX_KEYS));
  }

  #publish(keys: EndedKeys): void {
    const channel = this.#channel;
    if (channel === undefined || this.#options.connection.blocked || this.#underWay >= MAX_UNDER_WAY) {
      this.counts.dropped += keys.length;
      return;
    }
    this.#underWay += 1;
    const properties = { contentType: 'application/json', headers: { origin: this.#options.origin } };
    this.#handle.attempt(() => {
      channel.publish(this.#exchange, '', Buffer.from(JSON.stringify(keys)), properties, (error) => {
        if (this.#channel === channel) this.#underWay -= 1;
        this.counts[error === null ? 'told' : 'dropped'] += keys.length;
      });
    });
  }

  /** A queue that somebody deletes ends with a null: a fresh channel makes another. */
  #hear(message: ConsumeMessage | null): void {
    if (message === null) return this.#handle.renew('the queue of invalidations was deleted');
    if (message.properties.headers?.origin === this.#options.origin) return;
    const keys = keysOf(message.content);
    if (keys === undefined) {
      this.counts.malformed += 1;
      return;
    }
    this.counts.heard += keys.length;
    this.#options.onEnded(keys);
  }
}

/** Undefined where it is no list of keys: other programs may write here, too. */
function keysOf(body: Buffer): EndedKeys | undefined {
  let keys: unknown;
  try {
    keys = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  const isList = Array.isArray(keys) && keys.length <= MAX_KEYS && keys.every(isKey);
  return isList ? (keys as EndedKeys) : undefined;
}

function isKey(key: unknown): boolean {
  return typeof key === 'string' && key.length > 0 && Buffer.byteLength(key) <= MAX_KEY_LENGTH;
}
