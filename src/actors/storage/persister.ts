/**
 * The persister: moves what a partition of the log holds into the message store, in batches, and lets the log forget it.
 *
 * Owns the partition's reading side and shares the store's writing side with those of the other partitions. Hears from the log writer; tells it and every shard how far it
 * has come. After a restart it goes on from the position that the store remembers.
 */
import { mentionsOfChange, mentionsOfMessage } from '../../protocol/frames/mentions.ts';
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { NewDeadLetter } from '../../storage/ports/dead-letters.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { decodeLogRecord, encodeLogRecord, type LogRecord } from '../../storage/ports/log-record.ts';
import type { MessageEvents } from '../../storage/ports/message-events.ts';
import type { LogBatch, LogPosition, MessageLogReader } from '../../storage/ports/message-log.ts';
import type { InsertBatch, InsertReport, MessageStoreWriter } from '../../storage/ports/message-store.ts';
import { logWriterKind } from './log-writer-messages.ts';
import { watermarkKind } from './watermark.ts';

/** The partition has more to read. */
export interface Written {
  readonly type: 'written';
}
export type PersisterMessage = Written;

export interface PersisterOptions {
  readonly partition: number;
  readonly log: MessageLogReader;
  readonly store: MessageStoreWriter;
  /** Shards that are told how far the store has come. */
  readonly threads: readonly number[];
  readonly maxBatchBytes: number;
  /** Takes what the store refuses and what cannot be decoded; the log forgets it only when they are safe there. */
  readonly putAside: (letters: readonly NewDeadLetter[]) => void | Promise<void>;
  /** Hears of what is about to be stored, before it is; again where storing it failed. Does not reject. */
  readonly announce?: (records: readonly LogRecord[]) => Promise<void>;
  /** Hears of what the store has taken. */
  readonly events?: MessageEvents;
  /** Told what became of each batch. */
  readonly onInserted?: (report: InsertReport) => void;
  readonly wallMs: () => number;
  readonly lag: Lag;
  /** A back end has gone away: the move is tried again, with pauses, until it is back. Told once for each outage. */
  readonly onPaused: (fault: StorageFault) => void;
  /** Pause between two batches: what is written meanwhile shares the next one's transaction. */
  readonly lingerMs: number;
}

const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

export type DrainOptions = Pick<
  PersisterOptions,
  'partition' | 'log' | 'store' | 'maxBatchBytes' | 'putAside' | 'announce' | 'events' | 'onInserted' | 'wallMs'
>;

/** Since when the log has had what the store lacks. Outlives the incarnations of its persister. */
export class Lag {
  #sinceMs: number | undefined;

  begin(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  end(): void {
    this.#sinceMs = undefined;
  }

  /** 0 where nothing waits. */
  ms(nowMs: number): number {
    return this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs;
  }
}

/** One for each partition, whose number is its id. */
export const persisterKind = defineKind<PersisterMessage>({
  name: 'persister',
  placement: 'service',
  mailbox: { capacity: 1024, overflow: 'drop-oldest' },
  supervision: { onFailure: 'restart', maxRestarts: Number.MAX_SAFE_INTEGER },
});

/** `optionsOf` is asked for the partition that the persister is for. */
export function persister(optionsOf: (partition: number) => PersisterOptions): Behaviour<PersisterMessage> {
  return (context) => new Persister(context, optionsOf(Number(context.self.id)));
}

/** Moves everything that the partition holds into the store; the position reached. Used at start, before rooms open. */
export async function drainLog(options: DrainOptions): Promise<LogPosition> {
  const { partition, log, store, maxBatchBytes } = options;
  let position = await store.persisted(partition);
  for (;;) {
    const batches = await log.read(position, maxBatchBytes);
    const last = batches.at(-1);
    if (last === undefined) return position;
    for (const { unreadable, ...batch } of stretches(partition, batches)) {
      await options.announce?.(batch.records);
      const report = await store.insert({ ...batch, mentionsOf });
      options.onInserted?.(report);
      const letters = [
        ...unreadable,
        ...report.refused.map(({ record, reason }) => ({ reason, bytes: encodeLogRecord(record) })),
      ];
      if (letters.length > 0) await putAside(options, letters);
      const refused = new Set(report.refused.map(({ record }) => record));
      await options.events?.stored(batch.records.filter((record) => !refused.has(record)));
    }
    position = last.position;
  }
}

/** Who a record's message speaks to: what stands beside the body of a post or of an edit. */
function mentionsOf({ stream, frame }: LogRecord): readonly string[] | undefined {
  return stream === 'messages' ? mentionsOfMessage(frame) : mentionsOfChange(frame);
}

class Persister implements Actor<PersisterMessage> {
  readonly #context: Context<PersisterMessage>;
  readonly #options: PersisterOptions;
  #busy = false;
  #again = false;
  #pauseMs = MIN_PAUSE_MS;

  constructor(context: Context<PersisterMessage>, options: PersisterOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** What was written while no incarnation was there to hear of it is found by looking. */
  started(): void {
    const { self } = this.#context;
    this.#options.log.onArrival?.(() => void this.#context.tell(self, { type: 'written' }));
    this.#drain();
  }

  receive(_message: PersisterMessage): void {
    if (this.#busy) this.#again = true;
    else this.#drain();
  }

  #drain(): void {
    this.#busy = true;
    this.#options.lag.begin(this.#context.monotonicMs());
    this.#context.pipe(this.#moveAll(), (outcome) => {
      if ('value' in outcome) {
        this.#pauseMs = MIN_PAUSE_MS;
        this.#options.lag.end();
        this.#publish(outcome.value);
        this.#context.after(this.#options.lingerMs, () => this.#rested());
      } else this.#pauseAfter(outcome.error);
    });
  }

  /** Nothing is lost while a back end is away: what was not moved stays in the log, and is moved when it is back. */
  #pauseAfter(error: unknown): void {
    if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
    if (this.#pauseMs === MIN_PAUSE_MS) this.#options.onPaused(error);
    this.#context.after(this.#pauseMs * (0.5 + 0.5 * this.#context.random()), () => this.#drain());
    this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * 2);
  }

  async #moveAll(): Promise<LogPosition> {
    const position = await drainLog(this.#options);
    await this.#options.log.trim(position);
    return position;
  }

  #rested(): void {
    this.#busy = false;
    if (!this.#again) return;
    this.#again = false;
    this.#drain();
  }

  #publish(position: LogPosition): void {
    const { partition, threads } = this.#options;
    this.#context.tell(this.#context.ref(logWriterKind, String(partition)), { type: 'persisted', position });
    for (const thread of threads) {
      const gauge = this.#context.ref(watermarkKind, pinnedId(thread, 0));
      this.#context.tell(gauge, { type: 'persisted', partition, position });
    }
  }
}

/** Why a record cannot be stored, and the record. */
type Refusal = Pick<NewDeadLetter, 'reason' | 'bytes'>;

interface Stretch extends InsertBatch {
  readonly unreadable: readonly Refusal[];
}

async function putAside({ putAside, wallMs }: DrainOptions, refusals: readonly Refusal[]): Promise<void> {
  const at = wallMs();
  await putAside(refusals.map((refusal) => ({ kind: 'record', at, ...refusal })));
}

/** Groups that can share a transaction: a fence begins a new one. */
function stretches(partition: number, batches: readonly LogBatch[]): Stretch[] {
  const found: Stretch[] = [];
  let group: LogBatch[] = [];
  const end = (): void => {
    const last = group.at(-1);
    if (last === undefined) return;
    const fence = group[0]?.fence;
    const unreadable: Refusal[] = [];
    const records = group.flatMap((batch) => batch.records.flatMap((bytes) => decodedOrAside(bytes, unreadable)));
    found.push({ partition, position: last.position, records, unreadable, ...(fence === undefined ? {} : { fence }) });
    group = [];
  };
  for (const batch of batches) {
    if (batch.fence !== undefined) end();
    group.push(batch);
  }
  end();
  return found;
}

/** Records of a group that the store had before this process began: those that cannot be decoded were put aside then. */
export function decodableRecords(batch: LogBatch): LogRecord[] {
  return batch.records.flatMap((bytes) => decodedOrAside(bytes, []));
}

function decodedOrAside(bytes: Uint8Array, unreadable: Refusal[]): readonly LogRecord[] {
  try {
    return [decodeLogRecord(bytes)];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    unreadable.push({ reason: error.message, bytes });
    return [];
  }
}
