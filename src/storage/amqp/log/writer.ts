/**
 * The writing side of one partition: each group is one message, and one message is in flight at a time.
 *
 * Until the broker has confirmed a group, the same bytes with the same position are published again, after a refusal, a
 * return, a loss of the channel or too long a silence, before anything else is. So the first copies of any two groups lie
 * in the queue in the order of their positions, whatever becomes of further copies: a confirmed group is in the queue, and
 * only then is the next one published. A copy that arrives late, even out of the socket of a line given up long ago, has
 * a position that the reader has seen.
 *
 * The fence is what a writer publishes first. A group of an earlier writer may arrive after it, from a process that does
 * not know of its end; its position is below the fence's, and the reader drops it. Nobody was told that it is safe: whoever
 * opens a partition has seen the earlier owner's lease end, or holds the lock that its process held.
 */
import type { ConfirmChannel, Options } from 'amqplib';
import { StorageFault } from '../../ports/faults.ts';
import type { Fence, LogPosition, MessageLogWriter } from '../../ports/message-log.ts';
import { Backoff } from '../backoff.ts';
import type { ChannelUser, SupervisedChannel } from '../channel.ts';
import type { AmqpConnection } from '../connection.ts';
import { amqpNames } from '../names.ts';
import { encodedBytes, encodeFence, encodeRecords } from './group-codec.ts';
import { groupId } from './group-id.ts';
import { MAX_EPOCH, positionOf } from './position.ts';
import { declarePartitions, type LogTopology } from './topology.ts';

export interface AmqpLogWriterOptions extends LogTopology {
  /** One that nothing is consumed on. */
  readonly connection: AmqpConnection;
  readonly partition: number;
  readonly fence: Fence;
  /** Larger appends become several groups, a larger record is refused: bytes. */
  readonly maxGroupBytes?: number;
  /** Silence of a broker that has not blocked the connection, after which the group is published on a new channel: milliseconds. */
  readonly confirmMs?: number;
  /** How long `close` waits for what is in flight: milliseconds. */
  readonly closeMs?: number;
}

/** What has happened since the writer was opened. */
export interface LogWriterCounts {
  confirmed: number;
  /** Published again, for whatever reason. */
  repeated: number;
  /** Refused by the broker, most likely since the queue is full. */
  refused: number;
  /** Returned since no queue takes it. */
  returned: number;
  /** Given up waiting for. */
  late: number;
}

interface Group {
  readonly position: LogPosition;
  readonly body: Buffer;
  published: boolean;
  readonly confirmed: () => void;
  readonly failed: (fault: StorageFault) => void;
}

const FIRST_PAUSE_MS = 10;
const MAX_PAUSE_MS = 1_000;
const nobody = (): void => undefined;

export class AmqpLogWriter implements MessageLogWriter, ChannelUser {
  readonly counts: LogWriterCounts = { confirmed: 0, repeated: 0, refused: 0, returned: 0, late: 0 };
  readonly #options: AmqpLogWriterOptions;
  readonly #exchange: string;
  readonly #backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: MAX_PAUSE_MS });
  readonly #handle: SupervisedChannel;
  /** In the order of their positions; the first one is in flight, or about to be. */
  readonly #groups: Group[] = [];
  #channel: ConfirmChannel | undefined;
  #next: LogPosition;
  #head: LogPosition;
  #returned = false;
  #closed = false;
  #settled: (() => void) | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(options: AmqpLogWriterOptions) {
    const { partition, fence } = options;
    if (!Number.isInteger(fence.epoch) || fence.epoch < 1 || fence.epoch > MAX_EPOCH) {
      throw new StorageFault('refused', `the message log cannot be opened in the epoch ${fence.epoch}`);
    }
    this.#options = options;
    this.#exchange = amqpNames(options.prefix).log;
    this.#head = positionOf(fence.epoch, 0);
    this.#next = this.#head + 1;
    const body = encodeFence(partition, this.#head, fence.slots);
    this.#groups.push({ position: this.#head, body, published: false, confirmed: nobody, failed: nobody });
    this.#handle = options.connection.use(this);
  }

  get head(): LogPosition {
    return this.#head;
  }

  /** Groups that are not confirmed yet, the fence among them. */
  get waiting(): number {
    return this.#groups.length;
  }

  /**
   * Resolves with the position of the last group that the records went into. While RabbitMQ is away this waits; it rejects
   * with `refused` before anything is published, or with `unavailable` when the writer is closed, and then a group that
   * was in flight may turn out to be in the log (rule LOG4).
   */
  append(records: readonly Uint8Array[]): Promise<LogPosition> {
    const problem = this.#problemOf(records);
    if (problem !== undefined) return Promise.reject(problem);
    const { promise, resolve, reject } = Promise.withResolvers<LogPosition>();
    const portions = portionsOf(records, this.#maxGroupBytes);
    for (const [index, portion] of portions.entries()) {
      const position = this.#next;
      this.#next += 1;
      const last = index === portions.length - 1;
      this.#groups.push({
        position,
        body: encodeRecords(this.#options.partition, position, portion),
        published: false,
        confirmed: last ? () => resolve(position) : nobody,
        failed: reject,
      });
    }
    if (this.#groups.length === portions.length) this.#publish();
    return promise;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#channel !== undefined && this.#groups.length > 0) await this.#settle(this.#options.closeMs ?? 2_000);
    clearTimeout(this.#pause);
    clearTimeout(this.#silence);
    await this.#handle.close();
    this.#channel = undefined;
    for (const group of this.#groups.splice(0)) {
      group.failed(new StorageFault('unavailable', 'the message log was closed before RabbitMQ confirmed the group'));
    }
  }

  prepare(channel: ConfirmChannel): Promise<void> {
    const { connection, partition } = this.#options;
    return declarePartitions(connection, channel, this.#options, [partition]);
  }

  opened(channel: ConfirmChannel): void {
    channel.on('return', () => {
      this.#returned = true;
    });
    this.#channel = channel;
    this.#publish();
  }

  lost(): void {
    this.#channel = undefined;
    clearTimeout(this.#silence);
    clearTimeout(this.#pause);
  }

  get #maxGroupBytes(): number {
    return this.#options.maxGroupBytes ?? 1024 * 1024;
  }

  #problemOf(records: readonly Uint8Array[]): StorageFault | undefined {
    if (this.#closed) return new StorageFault('unavailable', 'the message log is closed');
    if (records.length === 0) return new StorageFault('refused', 'a group of the log holds at least one record');
    const large = records.find((record) => encodedBytes(record) > this.#maxGroupBytes);
    if (large === undefined) return undefined;
    return new StorageFault('refused', `a record of ${large.length} bytes is too large for the message log`);
  }

  /** Publishes the first group, again if need be. */
  #publish(): void {
    const channel = this.#channel;
    const group = this.#groups[0];
    if (channel === undefined || group === undefined) return;
    if (group.published) this.counts.repeated += 1;
    group.published = true;
    this.#returned = false;
    this.#listen(channel);
    const { partition } = this.#options;
    const properties = propertiesOf(partition, group);
    this.#handle.attempt(() => {
      channel.publish(this.#exchange, String(partition), group.body, properties, (error) => {
        if (error === null) this.#answered(channel, !this.#returned);
        // A channel that is lost fails what it has not confirmed a moment before it says so.
        else queueMicrotask(() => this.#answered(channel, false));
      });
    });
  }

  #answered(channel: ConfirmChannel, confirmed: boolean): void {
    if (this.#channel !== channel) return;
    clearTimeout(this.#silence);
    if (confirmed) this.#confirmed();
    else this.#repeat(channel);
  }

  #confirmed(): void {
    const group = this.#groups.shift();
    if (group === undefined) return;
    this.#backoff.succeeded();
    this.counts.confirmed += 1;
    this.#head = group.position;
    group.confirmed();
    if (this.#groups.length === 0) this.#settled?.();
    else this.#publish();
  }

  /** A group that was returned found no queue: a new channel declares it anew. */
  #repeat(channel: ConfirmChannel): void {
    this.counts[this.#returned ? 'returned' : 'refused'] += 1;
    const returned = this.#returned;
    this.#pause = setTimeout(() => {
      if (this.#channel !== channel) return;
      if (returned) this.#handle.renew('no queue takes the groups of the message log');
      else this.#publish();
    }, this.#backoff.next());
  }

  #listen(channel: ConfirmChannel): void {
    const { connection, confirmMs = 15_000 } = this.#options;
    this.#silence = setTimeout(() => {
      if (this.#channel !== channel) return;
      // A blocked broker says so; it reads the group when it can, and has lost nothing.
      if (connection.blocked) return this.#listen(channel);
      this.counts.late += 1;
      this.#handle.renew(`RabbitMQ has not confirmed a group within ${confirmMs} ms`);
    }, confirmMs);
  }

  async #settle(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    const deadline = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(deadline);
  }
}

function propertiesOf(partition: number, { position }: Group): Options.Publish {
  return {
    mandatory: true,
    persistent: true,
    messageId: groupId(partition, position),
    contentType: 'application/vnd.mailroom.group',
  };
}

/** Consecutive records that together are no larger than the bound. */
function portionsOf(records: readonly Uint8Array[], maxBytes: number): (readonly Uint8Array[])[] {
  const portions: (readonly Uint8Array[])[] = [];
  let start = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    bytes += encodedBytes(record);
    if (bytes > maxBytes) {
      portions.push(records.slice(start, index));
      start = index;
      bytes = encodedBytes(record);
    }
  }
  portions.push(start === 0 ? records : records.slice(start));
  return portions;
}
