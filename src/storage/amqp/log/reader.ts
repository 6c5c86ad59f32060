/**
 * The reading side of one partition: takes what the queue delivers, keeps it in order until it is trimmed, and only then
 * acknowledges it. So what was not trimmed comes again after a loss of the channel or of this process.
 *
 * Which groups are new is told by their positions alone. Below or at the last one are further copies, groups that the
 * store has, and groups of a former writer behind a later one's fence; all three are acknowledged and dropped, for the
 * reasons that `writer.ts` gives. A group that does not follow the last one shows that the queue has lost something: that
 * is `corrupt` and never jumped over.
 *
 * *Gotchas.* A message that is no group goes to the dead letters, as a whole. If its id tells which group it was, an empty
 * group takes its place. Nothing is ever rejected, requeued or dropped by a back end's failure: what cannot be put aside
 * stays in the queue and is tried again.
 */
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { DeadLetters } from '../../ports/dead-letters.ts';
import { StorageFault } from '../../ports/faults.ts';
import type { LogBatch, LogPosition, MessageLogReader } from '../../ports/message-log.ts';
import { Backoff } from '../backoff.ts';
import type { ChannelUser, SupervisedChannel } from '../channel.ts';
import type { AmqpConnection } from '../connection.ts';
import { amqpNames } from '../names.ts';
import { DeliveryWatch } from './delivery-watch.ts';
import { decodeGroup } from './group-codec.ts';
import { positionOfId } from './group-id.ts';
import { epochOf, follows, groupOf } from './position.ts';

export interface AmqpLogReaderOptions {
  /** One that nothing is published on: acknowledgements must reach a broker that is short of memory. */
  readonly connection: AmqpConnection;
  /** Of all names in the broker; `mailroom` where none is given. */
  readonly prefix?: string;
  readonly partition: number;
  /** For messages that are no groups. */
  readonly deadLetters: Pick<DeadLetters, 'add'>;
  /** Groups that are taken before any is trimmed. Together with the writer's bound of a group it bounds the memory. */
  readonly prefetch?: number;
  /**
   * Is given, before it is acknowledged, every group that the store had when this reader began to read, unless a later
   * writer's fence had got there too: for whoever must see each group at least once, after the store has it.
   */
  readonly onStored?: (batch: LogBatch) => Promise<void>;
  /** How often a reader looks whether it gets what there is; see `delivery-watch.ts`: milliseconds. */
  readonly watchMs?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What has happened since the reader was opened. */
export interface LogReaderCounts {
  /** Groups that came in their turn. */
  taken: number;
  /** Copies, and groups that the store had already. */
  repeated: number;
  /** Groups of a former writer that came after a later one's fence. */
  outdated: number;
  /** Messages that are no groups. */
  unreadable: number;
}

interface Taken {
  readonly batch: LogBatch;
  readonly bytes: number;
  readonly message: ConsumeMessage;
}

export class AmqpLogReader implements MessageLogReader, ChannelUser {
  readonly counts: LogReaderCounts = { taken: 0, repeated: 0, outdated: 0, unreadable: 0 };
  readonly #options: AmqpLogReaderOptions;
  readonly #backoff = new Backoff({ firstMs: 50, maxMs: 5_000 });
  readonly #watch: DeliveryWatch;
  /** Unacknowledged, ascending by position. */
  #taken: Taken[] = [];
  #arrived: ConsumeMessage[] = [];
  #sorting = false;
  #handle: SupervisedChannel | undefined;
  #channel: ConfirmChannel | undefined;
  /** What the store had at first. */
  #start: LogPosition = 0;
  #trimmed: LogPosition = 0;
  #listener: (() => void) | undefined;

  constructor(options: AmqpLogReaderOptions) {
    this.#options = options;
    this.#watch = new DeliveryWatch({
      queue: amqpNames(options.prefix).logPartition(options.partition),
      everyMs: options.watchMs ?? 10_000,
      hasRoom: () => this.#taken.length + this.#arrived.length < this.#prefetch,
      isEmpty: () => this.#taken.length + this.#arrived.length === 0,
      stalled: () => this.#handle?.refresh(),
    });
  }

  onArrival(listener: () => void): void {
    this.#listener = listener;
  }

  /**
   * What has been delivered up to now. The first call says what the store has, and begins to consume. Throws a `corrupt`
   * fault if the queue lacks the groups right after the position.
   */
  read(after: LogPosition, maxBytes: number): readonly LogBatch[] {
    if (this.#handle === undefined) {
      this.#start = after;
      this.#trimmed = after;
      this.#handle = this.#options.connection.use(this);
    }
    const batches: LogBatch[] = [];
    let bytes = 0;
    let last = after;
    for (const { batch, bytes: size } of this.#taken) {
      if (batch.position <= after) continue;
      if (!follows(last, batch.position)) {
        if (batches.length > 0) break;
        throw hole(this.#options.partition, last, batch.position);
      }
      last = batch.position;
      batches.push(batch);
      bytes += size;
      if (bytes >= maxBytes) break;
    }
    return batches;
  }

  trim(position: LogPosition): void {
    this.#trimmed = Math.max(this.#trimmed, position);
    const stays = this.#taken.findIndex(({ batch }) => batch.position > position);
    const gone = this.#taken.splice(0, stays === -1 ? this.#taken.length : stays);
    // Everything delivered before the last of them is among them, or was acknowledged by itself.
    const last = gone.at(-1);
    if (last !== undefined) this.#acknowledge(last.message, true);
  }

  async close(): Promise<void> {
    this.#forget();
    await this.#handle?.close();
  }

  /** The queue is its writer's to make: until there is one, there is nothing to read. */
  async prepare(channel: ConfirmChannel): Promise<void> {
    const { partition, prefix } = this.#options;
    await channel.checkQueue(amqpNames(prefix).logPartition(partition));
    await channel.prefetch(this.#prefetch);
  }

  async opened(channel: ConfirmChannel): Promise<void> {
    this.#channel = channel;
    this.#watch.start(channel);
    const { partition, prefix } = this.#options;
    await channel.consume(amqpNames(prefix).logPartition(partition), (message) => {
      if (this.#channel !== channel) return;
      this.#watch.delivered();
      if (message === null) this.#handle?.renew('the queue of the message log was deleted');
      else this.#arrive(message);
    });
  }

  lost(): void {
    this.#forget();
  }

  get #prefetch(): number {
    return this.#options.prefetch ?? 64;
  }

  #forget(): void {
    this.#watch.stop();
    this.#channel = undefined;
    this.#taken = [];
    this.#arrived = [];
  }

  #arrive(message: ConsumeMessage): void {
    this.#arrived.push(message);
    if (!this.#sorting) void this.#sort();
  }

  /** One after the other, for a later group's acknowledgement must not cover a message that is still being put aside. */
  async #sort(): Promise<void> {
    this.#sorting = true;
    for (let message = this.#arrived[0]; message !== undefined; message = this.#arrived[0]) {
      const channel = this.#channel;
      const waits = this.#take(message);
      if (waits !== undefined) await waits;
      // After a loss what had arrived is forgotten, and comes again.
      if (this.#channel === channel) this.#arrived.shift();
    }
    this.#sorting = false;
  }

  #take(message: ConsumeMessage): Promise<void> | undefined {
    const { partition } = this.#options;
    let batch: LogBatch;
    try {
      batch = decodeGroup(partition, message.content);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      return this.#putAside(message, error.message);
    }
    return this.#place(message, batch);
  }

  /** A promise only where there is something to wait for. */
  #place(message: ConsumeMessage, batch: LogBatch): Promise<void> | undefined {
    const { position } = batch;
    const last = this.#last;
    if (position > last) {
      this.#keep(message, batch);
      return undefined;
    }
    this.counts[epochOf(position) < epochOf(last) ? 'outdated' : 'repeated'] += 1;
    const { onStored } = this.#options;
    const isStored = position <= this.#start && epochOf(position) === epochOf(this.#start);
    if (isStored && onStored !== undefined) return this.#handOver(message, () => onStored(batch));
    this.#acknowledge(message, false);
    return undefined;
  }

  #keep(message: ConsumeMessage, batch: LogBatch): void {
    this.counts.taken += 1;
    this.#taken.push({ batch, bytes: message.content.length, message });
    this.#listener?.();
  }

  get #last(): LogPosition {
    return this.#taken.at(-1)?.batch.position ?? this.#trimmed;
  }

  async #putAside(message: ConsumeMessage, reason: string): Promise<void> {
    this.counts.unreadable += 1;
    const { partition, deadLetters, now = Date.now } = this.#options;
    const letter = { kind: 'group', reason, at: now(), bytes: message.content } as const;
    if (!(await this.#insist(async () => await deadLetters.add([letter])))) return;
    const position = positionOfId(partition, message.properties.messageId);
    if (position !== undefined && position > this.#last) this.#keep(message, { position, records: [] });
    else this.#acknowledge(message, false);
  }

  async #handOver(message: ConsumeMessage, work: () => Promise<void>): Promise<void> {
    if (await this.#insist(work)) this.#acknowledge(message, false);
  }

  /** Does it until it succeeds; whether what was delivered is still ours then. */
  async #insist(work: () => Promise<void>): Promise<boolean> {
    const channel = this.#channel;
    while (this.#channel === channel) {
      try {
        await work();
        this.#backoff.succeeded();
        return this.#channel === channel;
      } catch (error) {
        if (!(error instanceof StorageFault)) throw error;
        await new Promise((resolve) => setTimeout(resolve, this.#backoff.next()));
      }
    }
    return false;
  }

  #acknowledge(message: ConsumeMessage, all: boolean): void {
    const channel = this.#channel;
    // On a channel that is gone it comes to nothing: the message comes again, and its position tells that it is known.
    if (channel !== undefined) this.#handle?.attempt(() => channel.ack(message, all));
  }
}

function hole(partition: number, last: LogPosition, next: LogPosition): StorageFault {
  const [from, to] = [last, next].map((position) => `${epochOf(position)}/${groupOf(position)}`);
  const where = `between the groups ${from} and ${to} (positions ${last} and ${next})`;
  return new StorageFault('corrupt', `partition ${partition} of the message log lacks what was ${where}`);
}
