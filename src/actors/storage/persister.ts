/**
 * The persister: moves what the log holds into the message store, in batches, and lets the log forget it.
 *
 * Owns the log's reading side and the store's writing side. Hears from the log writer; tells it and every shard how far it
 * has come. After a restart it goes on from the position that the store remembers.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { decodeLogRecord } from '../../storage/ports/log-record.ts';
import type { LogBatch, LogPosition, MessageLogReader } from '../../storage/ports/message-log.ts';
import type { InsertReport, MessageStoreWriter } from '../../storage/ports/message-store.ts';
import { logWriterKind } from './log-writer-messages.ts';
import { watermarkKind } from './watermark.ts';

/** The log grew up to the position. */
export interface Written {
  readonly type: 'written';
  readonly position: LogPosition;
}
export type PersisterMessage = Written;

export interface PersisterOptions {
  readonly log: MessageLogReader;
  readonly store: MessageStoreWriter;
  /** Shards that are told how far the store has come. */
  readonly threads: readonly number[];
  readonly maxBatchBytes: number;
  /** Reports records that contradict the store: a defect, kept in quarantine. */
  readonly onRefused: (refused: InsertReport['refused']) => void;
  /** Pause between two batches: what is written meanwhile shares the next one's transaction. */
  readonly lingerMs: number;
}

export const persisterKind = defineKind<PersisterMessage>({
  name: 'persister',
  placement: 'service',
  mailbox: { capacity: 1024, overflow: 'drop-oldest' },
  supervision: { onFailure: 'restart', maxRestarts: Number.MAX_SAFE_INTEGER },
});

export function persister(options: PersisterOptions): Behaviour<PersisterMessage> {
  return (context) => new Persister(context, options);
}

/** Moves everything that the log holds into the store; the position reached. Used at start, before rooms open. */
export async function drainLog(
  log: MessageLogReader,
  store: MessageStoreWriter,
  maxBatchBytes: number,
  onRefused: PersisterOptions['onRefused'],
): Promise<LogPosition> {
  let position = await store.persisted();
  for (;;) {
    const batches = await log.read(position, maxBatchBytes);
    const last = batches.at(-1);
    if (last === undefined) return position;
    const report = await store.insert(recordsOf(batches), last.position);
    if (report.refused.length > 0) onRefused(report.refused);
    position = last.position;
  }
}

class Persister implements Actor<PersisterMessage> {
  readonly #context: Context<PersisterMessage>;
  readonly #options: PersisterOptions;
  #busy = false;
  #again = false;

  constructor(context: Context<PersisterMessage>, options: PersisterOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** What was written while no incarnation was there to hear of it is found by looking. */
  started(): void {
    this.#drain();
  }

  receive(_message: PersisterMessage): void {
    if (this.#busy) this.#again = true;
    else this.#drain();
  }

  #drain(): void {
    this.#busy = true;
    this.#context.pipe(this.#moveAll(), (outcome) => {
      if ('error' in outcome) throw outcome.error;
      this.#publish(outcome.value);
      this.#context.after(this.#options.lingerMs, () => this.#rested());
    });
  }

  async #moveAll(): Promise<LogPosition> {
    const { log, store, maxBatchBytes, onRefused } = this.#options;
    const position = await drainLog(log, store, maxBatchBytes, onRefused);
    await log.trim(position);
    return position;
  }

  #rested(): void {
    this.#busy = false;
    if (!this.#again) return;
    this.#again = false;
    this.#drain();
  }

  #publish(position: LogPosition): void {
    this.#context.tell(this.#context.ref(logWriterKind, 'all'), { type: 'persisted', position });
    for (const thread of this.#options.threads) {
      this.#context.tell(this.#context.ref(watermarkKind, pinnedId(thread, 0)), { type: 'persisted', position });
    }
  }
}

function recordsOf(batches: readonly LogBatch[]): ReturnType<typeof decodeLogRecord>[] {
  return batches.flatMap((batch) => batch.records.map(decodeLogRecord));
}
