/**
 * Publishes with confirms, many at a time: what is not confirmed is published again, after a refusal, a return or a loss
 * of the channel, until it is, or until whoever wants it gives up. So a message may arrive twice. How many wait is bounded by
 * whoever publishes.
 */
import type { ConfirmChannel, Options } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import { Backoff } from './backoff.ts';
import type { ChannelUser, SupervisedChannel } from './channel.ts';
import type { AmqpConnection } from './connection.ts';

export interface PublisherOptions {
  /** One that nothing is consumed on. */
  readonly connection: AmqpConnection;
  /** Declares what is published to, on every fresh channel. */
  readonly declare: (channel: ConfirmChannel) => Promise<void>;
}

export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Buffer;
  /** `mandatory` messages count as published only when a queue has taken them. `messageId` is the publisher's own. */
  readonly properties: Omit<Options.Publish, 'messageId'>;
  /** What follows when a queue that the message goes to refuses it, or a mandatory one finds none. */
  readonly whenRefused: 'repeat' | 'fail';
}

interface Outgoing {
  readonly message: OutgoingMessage;
  readonly id: string;
  readonly resolve: () => void;
  readonly reject: (fault: StorageFault) => void;
}

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 2_000;

export class ConfirmedPublisher implements ChannelUser {
  readonly #options: PublisherOptions;
  readonly #backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: MAX_PAUSE_MS });
  readonly #handle: SupervisedChannel;
  /** By id, in the order in which they were given. */
  readonly #waiting = new Map<string, Outgoing>();
  readonly #returned = new Set<string>();
  #channel: ConfirmChannel | undefined;
  #lastId = 0;
  #closed = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#handle = options.connection.use(this);
  }

  /** Whether there is a channel, and a broker that reads from it. */
  get ready(): boolean {
    return this.#channel !== undefined && !this.#options.connection.blocked;
  }

  /**
   * Resolves when the message is confirmed. Rejects as `unavailable` when `signal` aborts or the publisher is closed, and
   * then it may have been published or not.
   */
  async publish(message: OutgoingMessage, signal?: AbortSignal): Promise<void> {
    if (this.#closed) throw new StorageFault('unavailable', 'the publisher is closed');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#lastId += 1;
    const outgoing: Outgoing = { message, id: String(this.#lastId), resolve, reject };
    this.#waiting.set(outgoing.id, outgoing);
    const give = (): void => this.#giveUp(outgoing, 'RabbitMQ has not confirmed a message in time');
    signal?.addEventListener('abort', give, { once: true });
    if (signal?.aborted === true) give();
    else this.#send(outgoing);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', give);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    await this.#handle.close();
    this.#channel = undefined;
    for (const outgoing of [...this.#waiting.values()]) this.#giveUp(outgoing, 'the publisher was closed');
  }

  prepare(channel: ConfirmChannel): Promise<void> {
    return this.#options.declare(channel);
  }

  opened(channel: ConfirmChannel): void {
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
    this.#channel = channel;
    for (const outgoing of this.#waiting.values()) this.#send(outgoing);
  }

  lost(): void {
    this.#channel = undefined;
    this.#returned.clear();
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #giveUp(outgoing: Outgoing, reason: string): void {
    this.#waiting.delete(outgoing.id);
    outgoing.reject(new StorageFault('unavailable', reason));
  }

  #send({ message, id }: Outgoing): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    const properties = { ...message.properties, messageId: id };
    this.#handle.attempt(() => {
      channel.publish(message.exchange, message.routingKey, message.body, properties, (error) => {
        const returned = this.#returned.delete(id);
        if (error === null && !returned) this.#confirmed(id);
        // A channel that is lost fails what it has not confirmed a moment before it says so.
        else queueMicrotask(() => this.#refused(channel, id, returned));
      });
    });
  }

  #confirmed(id: string): void {
    this.#backoff.succeeded();
    this.#waiting.get(id)?.resolve();
    this.#waiting.delete(id);
  }

  /** To be repeated, all that wait are published on a new channel, which declares anew what has gone missing. */
  #refused(channel: ConfirmChannel, id: string, returned: boolean): void {
    const outgoing = this.#waiting.get(id);
    if (this.#channel !== channel || outgoing === undefined) return;
    const reason = returned ? 'no queue takes what is published' : 'RabbitMQ refuses what is published';
    if (outgoing.message.whenRefused === 'fail') return this.#giveUp(outgoing, reason);
    if (this.#pause !== undefined) return;
    this.#pause = setTimeout(() => this.#handle.renew(reason), this.#backoff.next());
  }
}
