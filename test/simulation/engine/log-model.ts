/** A model of the message log: what is durable, what is under way, and what a failure leaves in doubt. */
import { StorageFault } from '../../../src/storage/ports/faults.ts';
import type {
  Fence,
  LogBatch,
  LogPosition,
  MessageLogReader,
  MessageLogWriter,
} from '../../../src/storage/ports/message-log.ts';
import type { SimulatedDisk } from './disk.ts';

type Group = readonly Uint8Array[];

export class LogModel {
  /** The durable groups that were not trimmed, ascending. */
  batches: LogBatch[] = [];
  head: LogPosition = 0;
  /** Told of every record at the moment in which it is durable. */
  onDurable: (record: Uint8Array) => void = () => undefined;
  readonly #disk: SimulatedDisk;
  #writer: LogModelWriter | undefined;
  /** A failed group that the disk may hold all the same; the next successful one takes its place. */
  #inDoubt: Group | undefined;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  /** Opens the writing side with a fence; it goes on after `startAfter` where the log is older than that. */
  openWriter(fence: Fence, startAfter: LogPosition = 0): MessageLogWriter {
    if (this.#writer !== undefined) throw new StorageFault('unavailable', 'the log has a writer');
    if (this.#inDoubt !== undefined && this.#disk.random.chance(0.5)) this.store(this.#inDoubt);
    this.#inDoubt = undefined;
    this.head = Math.max(this.head, startAfter) + 1;
    this.batches.push({ position: this.head, records: [], fence });
    this.#writer = new LogModelWriter(this, this.#disk, () => {
      this.#writer = undefined;
    });
    return this.#writer;
  }

  openReader(): MessageLogReader {
    return {
      read: (after, maxBytes) => this.#read(after, maxBytes),
      trim: (position) => {
        this.batches = this.batches.filter((batch) => batch.position > position);
      },
      close: () => undefined,
    };
  }

  /** What is under way is kept or lost, in order. */
  crash(): void {
    for (const group of this.#writer?.abandon() ?? []) {
      if (this.#disk.random.chance(0.5)) break;
      this.store(group);
      this.#inDoubt = undefined;
    }
    // A group in doubt shows on disk when the log is looked at again, whoever looks first.
    if (this.#inDoubt !== undefined && this.#disk.random.chance(0.5)) this.store(this.#inDoubt);
    this.#inDoubt = undefined;
    this.#writer = undefined;
  }

  store(group: Group): LogPosition {
    this.head += 1;
    this.batches.push({ position: this.head, records: group.map((record) => record.slice()) });
    this.#inDoubt = undefined;
    for (const record of group) this.onDurable(record);
    return this.head;
  }

  doubt(group: Group): void {
    this.#inDoubt = group.map((record) => record.slice());
  }

  #read(after: LogPosition, maxBytes: number): LogBatch[] {
    const batches: LogBatch[] = [];
    let bytes = 0;
    for (const batch of this.batches) {
      if (batch.position <= after) continue;
      batches.push(batch);
      bytes += batch.records.reduce((sum, record) => sum + record.length, 0);
      if (bytes >= maxBytes) break;
    }
    return batches;
  }
}

class LogModelWriter implements MessageLogWriter {
  readonly #log: LogModel;
  readonly #disk: SimulatedDisk;
  readonly #onClose: () => void;
  readonly #underWay: Group[] = [];
  #lastMs = 0;
  #open = true;

  constructor(log: LogModel, disk: SimulatedDisk, onClose: () => void) {
    this.#log = log;
    this.#disk = disk;
    this.#onClose = onClose;
  }

  get head(): LogPosition {
    return this.#log.head;
  }

  append(records: Group): LogPosition | Promise<LogPosition> {
    if (!this.#open) throw new StorageFault('unavailable', 'the log is closed');
    if (records.length === 0) throw new StorageFault('refused', 'an empty group');
    if (this.#disk.atOnce) return this.#write(records);
    const { schedule } = this.#disk;
    this.#underWay.push(records);
    // Groups become durable in calling order.
    this.#lastMs = Math.max(this.#lastMs + 0.001, schedule.nowMs + this.#disk.latencyMs());
    return schedule.later(this.#lastMs - schedule.nowMs, () => {
      if (!this.#open) return new Promise<LogPosition>(() => undefined);
      this.#underWay.shift();
      return this.#write(records);
    }) as Promise<LogPosition>;
  }

  close(): void {
    this.#open = false;
    this.#onClose();
  }

  /** The process died: nothing is answered any more. The groups that were under way. */
  abandon(): readonly Group[] {
    this.#open = false;
    return this.#underWay;
  }

  #write(records: Group): LogPosition {
    if (!this.#disk.takesFailure('log')) return this.#log.store(records);
    this.#log.doubt(records);
    throw new StorageFault('unavailable', 'the simulated disk fails');
  }
}
