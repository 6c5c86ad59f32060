/**
 * Message events on a topic exchange: `room.<roomId>.message` and `room.<roomId>.changed`. One event holds the frames of one
 * room out of one batch, back to back and byte for byte as sockets get them.
 *
 * An event is dropped, and counted, when the broker is short of memory or disk, when a listener's queue refuses it, and when
 * it is not confirmed in time. Listeners find the messages by their seqs, which have no holes, and can fetch what is missing.
 */
import type { ConfirmChannel } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import type { LogRecord } from '../ports/log-record.ts';
import type { MessageEvents } from '../ports/message-events.ts';
import type { AmqpConnection } from './connection.ts';
import { amqpNames } from './names.ts';
import { ConfirmedPublisher, type OutgoingMessage } from './publisher.ts';

export interface AmqpMessageEventsOptions {
  /** One that nothing is consumed on. */
  readonly connection: AmqpConnection;
  readonly prefix?: string;
  /** How long a batch's events may take: milliseconds. */
  readonly waitMs?: number;
  /** Frames beyond this many bytes begin another event of the room. */
  readonly maxEventBytes?: number;
}

export interface EventCounts {
  published: number;
  dropped: number;
}

interface Draft {
  readonly record: LogRecord;
  readonly frames: Uint8Array[];
  lastSeq: number;
  bytes: number;
}

export class AmqpMessageEvents implements MessageEvents {
  /** In events, not in messages. */
  readonly counts: EventCounts = { published: 0, dropped: 0 };
  readonly #options: AmqpMessageEventsOptions;
  readonly #exchange: string;
  readonly #publisher: ConfirmedPublisher;

  constructor(options: AmqpMessageEventsOptions) {
    this.#options = options;
    const { events } = amqpNames(options.prefix);
    this.#exchange = events;
    const declare = async (channel: ConfirmChannel): Promise<void> => {
      await channel.assertExchange(events, 'topic', { durable: true });
    };
    this.#publisher = new ConfirmedPublisher({ connection: options.connection, declare });
  }

  async stored(records: readonly LogRecord[]): Promise<void> {
    const drafts = this.#draft(records);
    if (this.#options.connection.blocked) {
      this.counts.dropped += drafts.length;
      return;
    }
    const signal = AbortSignal.timeout(this.#options.waitMs ?? 2_000);
    await Promise.all(drafts.map((draft) => this.#publish(this.#message(draft), signal)));
  }

  async close(): Promise<void> {
    await this.#publisher.close();
  }

  async #publish(message: OutgoingMessage, signal: AbortSignal): Promise<void> {
    try {
      await this.#publisher.publish(message, signal);
      this.counts.published += 1;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      this.counts.dropped += 1;
    }
  }

  #draft(records: readonly LogRecord[]): readonly Draft[] {
    const { maxEventBytes = 512 * 1024 } = this.#options;
    const drafts: Draft[] = [];
    const open = new Map<string, Draft>();
    for (const record of records) {
      const key = `${record.stream} ${record.room}`;
      const last = open.get(key);
      if (last !== undefined && last.lastSeq + 1 === record.seq && last.bytes + record.frame.length <= maxEventBytes) {
        last.frames.push(record.frame);
        last.lastSeq = record.seq;
        last.bytes += record.frame.length;
        continue;
      }
      const draft = { record, frames: [record.frame], lastSeq: record.seq, bytes: record.frame.length };
      open.set(key, draft);
      drafts.push(draft);
    }
    return drafts;
  }

  #message({ record, frames, lastSeq }: Draft): OutgoingMessage {
    const { room, stream, seq } = record;
    return {
      exchange: this.#exchange,
      routingKey: `room.${room}.${stream === 'messages' ? 'message' : 'changed'}`,
      body: Buffer.concat(frames),
      properties: {
        persistent: true,
        contentType: 'application/vnd.msgpack',
        headers: { room, firstSeq: seq, lastSeq },
      },
      whenRefused: 'fail',
    };
  }
}
