/** The message store's reference model: what the port says, in the plainest form. */
import type { LogRecord, RecordStream } from '../../src/storage/ports/log-record.ts';
import type {
  HistoryPage,
  HistoryQuery,
  InsertBatch,
  InsertReport,
  ListedRoom,
  MessageStoreReader,
  MessageStoreWriter,
  PostedNonce,
  RoomHead,
} from '../../src/storage/ports/message-store.ts';

type Stored = Pick<LogRecord, 'seq' | 'sender' | 'nonce' | 'at' | 'frame'>;

const NONCE_WINDOW = 1_000;

export class MemoryMessageStore implements MessageStoreWriter, MessageStoreReader {
  readonly #streams: Record<RecordStream, Map<string, Stored[]>> = { messages: new Map(), changes: new Map() };
  readonly #epochs = new Map<number, number>();
  readonly #persisted = new Map<number, number>();
  #lastEpoch = 0;

  claimEpoch(): number {
    this.#lastEpoch += 1;
    return this.#lastEpoch;
  }

  insert({ partition, position, fence, records }: InsertBatch): InsertReport {
    let inserted = 0;
    let repeated = 0;
    let outdated = 0;
    for (const slot of fence?.slots ?? []) {
      this.#epochs.set(slot, Math.max(this.#epochs.get(slot) ?? 0, fence?.epoch ?? 0));
    }
    const refused: { record: LogRecord; reason: string }[] = [];
    for (const record of records) {
      const outcome = this.#place(record);
      if (outcome === 'stored') inserted += 1;
      else if (outcome === 'repeated') repeated += 1;
      else if (outcome === 'outdated') outdated += 1;
      else refused.push({ record, reason: outcome });
    }
    this.#persisted.set(partition, Math.max(this.persisted(partition), position));
    return { inserted, repeated, outdated, refused };
  }

  persisted(partition: number): number {
    return this.#persisted.get(partition) ?? 0;
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

  rooms(after: string, limit: number): ListedRoom[] {
    const bytes = (room: string) => Buffer.from(room);
    return [...new Set([...this.#streams.messages.keys(), ...this.#streams.changes.keys()])]
      .filter((room) => Buffer.compare(bytes(room), bytes(after)) > 0)
      .sort((a, b) => Buffer.compare(bytes(a), bytes(b)))
      .map((room) => ({ room, ...this.head(room) }))
      .filter(({ seq }) => seq > 0)
      .slice(0, limit);
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
    const isOutdated = record.epoch < (this.#epochs.get(record.slot) ?? 0);
    const rows = this.#rows(record.stream, record.room);
    const there = rows.find((row) => row.seq === record.seq);
    if (there) {
      const same = there.sender === record.sender && there.nonce === record.nonce;
      if (same && Buffer.compare(there.frame, record.frame) === 0) return 'repeated';
      return isOutdated ? 'outdated' : 'seq taken';
    }
    if (isOutdated) return 'outdated';
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
