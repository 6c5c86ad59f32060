/**
 * Holds delayed jobs until they are due and then publishes them to where jobs wait. Every process that consumes has one;
 * they share the delayed jobs, and what one holds comes to another when it ends.
 */
import type { ConfirmChannel, Message } from 'amqplib';
import type { ChannelUser, SupervisedChannel } from './channel.ts';
import type { AmqpConnection } from './connection.ts';
import type { ConfirmedPublisher } from './publisher.ts';
import { dueAtOf, jobMessage, jobOf } from './queue-message.ts';
import { moveMessage } from './queue-mover.ts';
import type { QueueTopology } from './queue-topology.ts';

export interface QueueDelaysOptions {
  /** One that nothing is published on. */
  readonly connection: AmqpConnection;
  readonly publisher: ConfirmedPublisher;
  readonly topology: QueueTopology;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Of each delay queue. The others wait behind them; all in a queue have delays of about the same length. */
const HELD = 32;

export class QueueDelays implements ChannelUser {
  readonly #options: QueueDelaysOptions;
  readonly #handle: SupervisedChannel;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  /** Aborts when the channel is gone. */
  #gone = new AbortController();

  constructor(options: QueueDelaysOptions) {
    this.#options = options;
    this.#handle = options.connection.use(this);
  }

  async opened(channel: ConfirmChannel): Promise<void> {
    const { topology } = this.#options;
    await topology.declare(channel);
    await channel.prefetch(HELD);
    this.#gone = new AbortController();
    for (const { name, delayMs } of topology.delays) {
      await channel.consume(name, (message) => {
        if (message === null) this.#handle.renew('RabbitMQ has ended the consumer');
        else this.#hold(channel, message, delayMs);
      });
    }
  }

  lost(): void {
    this.#gone.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async close(): Promise<void> {
    this.lost();
    await this.#handle.close();
  }

  #hold(channel: ConfirmChannel, message: Message, delayMs: number): void {
    // The time was set by another machine's clock; whatever that says, the delay is none longer than this queue's.
    const leftMs = Math.min(delayMs, Math.max(0, dueAtOf(message) - this.#options.now()));
    const { publisher, topology } = this.#options;
    const gone = this.#gone.signal;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const outgoing = jobMessage(jobOf(message), topology.exchange, topology.waitingKey);
      // It ends when the message has moved or the channel is gone; anything else is a defect.
      moveMessage(publisher, outgoing, { channel, message, gone }).catch((error) => {
        throw error;
      });
    }, leftMs);
    this.#timers.add(timer);
  }
}
