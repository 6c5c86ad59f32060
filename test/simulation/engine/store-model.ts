/** Models of the message store and the records: the reference models on a simulated disk. */
import { StorageFault } from '../../../src/storage/ports/faults.ts';
import type { LogRecord } from '../../../src/storage/ports/log-record.ts';
import type {
  HistoryQuery,
  InsertBatch,
  InsertReport,
  MessageStoreReader,
  MessageStoreWriter,
} from '../../../src/storage/ports/message-store.ts';
import { MemoryMessageStore } from '../../contract/memory-message-store.ts';
import type { SimulatedDisk } from './disk.ts';

const MAX_SEQ = 2 ** 47;

export class StoreModel {
  /** What is durable. */
  readonly durable = new MemoryMessageStore();
  readonly #disk: SimulatedDisk;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  /** `alive` says whether the process that opened it still runs: a dead one writes nothing more. */
  openWriter(alive: () => boolean = () => true): MessageStoreWriter {
    return {
      claimEpoch: () => this.durable.claimEpoch(),
      insert: (batch) =>
        this.#disk.operate('store', () => {
          if (!alive()) return never();
          return this.#insert(batch);
        }),
      persisted: (partition) => this.durable.persisted(partition),
      close: () => undefined,
    };
  }

  #insert({ records, ...batch }: InsertBatch): InsertReport {
    const possible = records.filter(({ seq }) => seq >= 1 && seq < MAX_SEQ).map(ownBytes);
    const impossible = records.filter((record) => !possible.some(({ seq }) => seq === record.seq));
    const report = this.durable.insert({ ...batch, records: possible });
    const refused = [
      ...impossible.map((record) => ({ record, reason: 'no room can have this seq' })),
      ...report.refused.map(({ record, reason }) => ({
        record,
        reason: `${reason} (epoch ${record.epoch}, the nonce's seq ${this.#seqOf(record)})`,
      })),
    ];
    return { ...report, refused };
  }

  #seqOf({ room, sender, nonce }: LogRecord): number | undefined {
    return this.durable.nonces(room, sender, 1_000).find((posted) => posted.nonce === nonce)?.seq;
  }

  openReader(): MessageStoreReader {
    return {
      head: (room) => this.#disk.operate('reader', () => this.durable.head(room)),
      history: (query) => {
        checkQuery(query);
        return this.#disk.operate('reader', () => this.durable.history(query));
      },
      mentions: (room, users, to) => this.#disk.operate('reader', () => this.durable.mentions(room, users, to)),
      rooms: (after, limit) => this.#disk.operate('reader', () => this.durable.rooms(after, limit)),
      nonces: (room, sender, limit, stream) =>
        this.#disk.operate('reader', () => (limit === 0 ? [] : this.durable.nonces(room, sender, limit, stream))),
      changes: (query) => this.#disk.operate('reader', () => this.durable.changes(query)),
      states: (query) => this.#disk.operate('reader', () => this.durable.states(query)),
      pins: (room) => this.#disk.operate('reader', () => this.durable.pins(room)),
      close: () => undefined,
    };
  }
}

/** The records on a disk that answers late and may fail. `alive` as above. */
export function openRecords<T extends object>(durable: T, disk: SimulatedDisk, alive: () => boolean = () => true): T {
  const handler: ProxyHandler<T> = {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      if (name === 'close') return () => undefined;
      return (...args: unknown[]) => disk.operate('records', () => (alive() ? method.apply(target, args) : never()));
    },
  };
  return new Proxy(durable, handler);
}

function never<T>(): T {
  throw new StorageFault('unavailable', 'the process that asked is gone');
}

function ownBytes(record: LogRecord): LogRecord {
  const { frame, effect } = record;
  const own = { ...record, frame: frame.slice() };
  return effect === undefined ? own : { ...own, effect: { ...effect, state: effect.state.slice() } };
}

function checkQuery({ limit, after, before }: HistoryQuery): void {
  const sensible = Number.isInteger(limit) && limit >= 1 && limit <= 200;
  if (!sensible || (after !== undefined && before !== undefined)) {
    throw new StorageFault('refused', 'the query makes no sense');
  }
}
