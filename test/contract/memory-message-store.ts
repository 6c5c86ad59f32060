/** The message store's reference model: what the port says, in the plainest form. */
import type { LogRecord, RecordStream } from '../../src/storage/ports/log-record.ts';
import type {
  HistoryPage,
  HistoryQuery,
  InsertReport,
  MessageStoreReader,
  MessageStoreWriter,
  PostedNonce,
  RoomHead,
} from '../../src/storage/ports/message-store.ts';

type Stored = Pick<LogRecord, 'seq' | 'sender' | 'nonce' | 'at' | 'frame'>;

const NONCE_WINDOW = 1_000;

export class MemoryMessageStore implements MessageStoreWriter, MessageStoreReader {
  readonly #streams: Record<RecordStream, Map<string, Stored[]>> = { messages: new Map(), changes: new Map() };
  readonly #epochs = new Map<string, number>();
  #persisted = 0;

  insert(records: readonly LogRecord[], position: number): InsertReport {
    let inserted = 0;
    let repeated = 0;
    const refused: { record: LogRecord; reason: string }[] = [];
    for (const record of records) {
      const outcome = this.#place(record);
      if (outcome === 'stored') inserted += 1;
      else if (outcome === 'repeated') repeated += 1;
      else refused.push({ record, reason: outcome });
    }
    this.#persisted = Math.max(this.#persisted, position);
    return { inserted, repeated, refused };
  }

  persisted(): number {
    return this.#persisted;
  }

  head(room: string): RoomHead {
    const last = (stream: RecordStream) => this.#rows(stream, room).at(-1)?.seq ?? 0;
    return { seq: last('messages'), change: last('changes') };
  }

  history({ room, after, before, limit, maxBytes }: HistoryQuery): HistoryPage {
    const rows = this.#rows('messages', room);
    const wanted =
      after === undefined
        ? rows.filter((row) => row.seq < (before ?? Number.POSITIVE_INFINITY)).reverse()
        : rows.filter((row) => row.seq > after);
    const page: Stored[] = [];
    let bytes = 0;
    for (const row of wanted.slice(0, limit)) {
      bytes += row.frame.length;
      if (page.length > 0 && bytes > maxBytes) break;
      page.push(row);
    }
    const more = page.length < wanted.length;
    page.sort((a, b) => a.seq - b.seq);
    return { frames: page.map((row) => row.frame), firstSeq: page[0]?.seq ?? 0, more };
  }

  nonces(room: string, sender: string, limit: number): PostedNonce[] {
    const posts = this.#rows('messages', room).filter((row) => row.sender === sender);
    return posts.slice(Math.max(0, posts.length - limit)).map(({ nonce, seq, at }) => ({ nonce, seq, at }));
  }

  close(): void {}

  #rows(stream: RecordStream, room: string): Stored[] {
    return this.#streams[stream].get(room) ?? [];
  }

  #place(record: LogRecord): 'stored' | 'repeated' | string {
    const epoch = Math.max(this.#epochs.get(record.room) ?? 0, record.epoch);
    this.#epochs.set(record.room, epoch);
    const rows = this.#rows(record.stream, record.room);
    const there = rows.find((row) => row.seq === record.seq);
    if (there) {
      const same = there.sender === record.sender && there.nonce === record.nonce;
      return same && Buffer.compare(there.frame, record.frame) === 0 ? 'repeated' : 'seq taken';
    }
    if (record.epoch < epoch) return 'epoch too low';
    const posts = rows.filter((row) => row.sender === record.sender).slice(-NONCE_WINDOW);
    const known = posts.some((row) => row.nonce === record.nonce);
    const { seq, sender, nonce, at, frame } = record;
    const row = known
      ? { seq, sender: '', nonce: '', at, frame: new Uint8Array(0) }
      : { seq, sender, nonce, at, frame };
    const next = [...rows, row].sort((a, b) => a.seq - b.seq);
    this.#streams[record.stream].set(record.room, next);
    return known ? 'nonce taken' : 'stored';
  }
}
