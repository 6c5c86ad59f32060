/** The message store's reference model: what the port says, in the plainest form. */

import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { LogRecord, RecordStream } from '../../src/storage/ports/log-record.ts';
import type {
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  InsertBatch,
  InsertReport,
  ListedRoom,
  MentionQuery,
  MessageStoreReader,
  MessageStoreWriter,
  PostedNonce,
  RoomHead,
  StatesPage,
  StatesQuery,
  StoredChange,
  StoredState,
} from '../../src/storage/ports/message-store.ts';

type Stored = Pick<LogRecord, 'seq' | 'sender' | 'nonce' | 'at' | 'frame'> & { readonly target: number };

interface State extends StoredState {
  readonly pinned: boolean;
  /** Number of the change that recalled it, or 0. */
  readonly recalled: number;
}

const NONCE_WINDOW = 1_000;

export class MemoryMessageStore implements MessageStoreWriter, MessageStoreReader {
  readonly #streams: Record<RecordStream, Map<string, Stored[]>> = { messages: new Map(), changes: new Map() };
  readonly #states = new Map<string, Map<number, State>>();
  readonly #epochs = new Map<number, number>();
  readonly #persisted = new Map<number, number>();
  /** By room, message and user. */
  readonly #mentions = new Map<string, Map<number, Set<string>>>();
  #lastEpoch = 0;

  claimEpoch(): number {
    this.#lastEpoch += 1;
    return this.#lastEpoch;
  }

  insert({ partition, position, fence, records, mentionsOf }: InsertBatch): InsertReport {
    let inserted = 0;
    let repeated = 0;
    let outdated = 0;
    for (const slot of fence?.slots ?? []) {
      this.#epochs.set(slot, Math.max(this.#epochs.get(slot) ?? 0, fence?.epoch ?? 0));
    }
    const stored: LogRecord[] = [];
    const refused: { record: LogRecord; reason: string }[] = [];
    for (const record of records) {
      const outcome = this.#place(record);
      if (outcome === 'stored') {
        stored.push(record);
        this.#keepMentions(record, mentionsOf?.(record));
        inserted += 1;
      } else if (outcome === 'repeated') repeated += 1;
      else if (outcome === 'outdated') outdated += 1;
      else refused.push({ record, reason: outcome });
    }
    for (const record of stored) this.#apply(record);
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

  mentions(room: string, users: readonly MentionQuery[], to: number): number[] {
    const all = [...(this.#mentions.get(room) ?? [])];
    return users.map(
      ({ user, after }) =>
        all.filter(([seq, spokenTo]) => seq > after && seq <= to && (spokenTo.has(user) || spokenTo.has('*'))).length,
    );
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

  nonces(room: string, sender: string, limit: number, stream: RecordStream = 'messages'): PostedNonce[] {
    const posts = this.#rows(stream, room).filter((row) => row.sender === sender);
    return posts.slice(Math.max(0, posts.length - limit)).map(({ nonce, seq, at }) => ({ nonce, seq, at }));
  }

  changes({ room, after, to, limit, maxBytes }: ChangesQuery): StoredChange[] {
    if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new StorageFault('refused', 'no such limit');
    const rows = this.#rows('changes', room).filter((row) => row.seq > after && row.seq <= to);
    return withinBytes(rows.slice(0, limit), maxBytes, ({ frame }) => frame).map(({ seq, target, frame }) => ({
      change: seq,
      seq: target,
      frame,
    }));
  }

  states({ room, from, to, descending, maxBytes }: StatesQuery): StatesPage {
    const ascending = this.#statesOf(room).filter(({ seq }) => seq >= from && seq <= to);
    const all = descending ? ascending.toReversed() : ascending;
    const states = withinBytes(all, maxBytes, ({ state }) => state);
    const next = all[states.length];
    const end = descending ? from : to;
    const reached = next === undefined ? end : next.seq + (descending ? 1 : -1);
    return { states: states.map(({ seq, change, state }) => ({ seq, change, state })), reached };
  }

  pins(room: string): StoredState[] {
    return this.#statesOf(room).flatMap(({ seq, change, state, pinned }) => (pinned ? [{ seq, change, state }] : []));
  }

  #keepMentions({ room, stream, seq, effect }: LogRecord, users: readonly string[] | undefined): void {
    const bySeq = this.#mentions.get(room) ?? new Map<number, Set<string>>();
    this.#mentions.set(room, bySeq);
    if (effect?.recalls === true) bySeq.delete(effect.seq);
    const message = stream === 'messages' ? seq : effect?.seq;
    if (users === undefined || message === undefined) return;
    const everybody = stream === 'changes' && bySeq.get(message)?.has('*') === true ? ['*'] : [];
    bySeq.set(message, new Set([...users, ...everybody]));
  }

  close(): void {}

  #rows(stream: RecordStream, room: string): Stored[] {
    return this.#streams[stream].get(room) ?? [];
  }

  #statesOf(room: string): State[] {
    return [...(this.#states.get(room)?.values() ?? [])].sort((a, b) => a.seq - b.seq);
  }

  #apply({ room, seq: change, effect }: LogRecord): void {
    if (effect === undefined) return;
    const states = this.#states.get(room) ?? new Map<number, State>();
    this.#states.set(room, states);
    const there = states.get(effect.seq);
    const recalled = Math.max(there?.recalled ?? 0, effect.recalls ? change : 0);
    const isNewest = there === undefined || change > there.change;
    states.set(effect.seq, isNewest ? { ...effect, change, recalled } : { ...there, recalled });
    if (recalled === 0) return;
    const erase = (stream: RecordStream, isErased: (row: Stored) => boolean): void => {
      const rows = this.#rows(stream, room).map((row) => (isErased(row) ? { ...row, frame: new Uint8Array(0) } : row));
      this.#streams[stream].set(room, rows);
    };
    erase('messages', ({ seq }) => seq === effect.seq);
    erase('changes', ({ seq, target }) => target === effect.seq && seq < recalled);
  }

  #place(record: LogRecord): 'stored' | 'repeated' | string {
    const isOutdated = record.epoch < (this.#epochs.get(record.slot) ?? 0);
    const rows = this.#rows(record.stream, record.room);
    const there = rows.find((row) => row.seq === record.seq);
    if (there) {
      const same = there.sender === record.sender && there.nonce === record.nonce;
      if (same && (there.frame.length === 0 || Buffer.compare(there.frame, record.frame) === 0)) return 'repeated';
      return isOutdated ? 'outdated' : 'seq taken';
    }
    if (isOutdated) return 'outdated';
    const posts = rows.filter((row) => row.sender === record.sender).slice(-NONCE_WINDOW);
    const known = posts.some((row) => row.nonce === record.nonce);
    const { seq, sender, nonce, at, frame, effect } = record;
    const target = effect?.seq ?? 0;
    const row = known
      ? { seq, sender: '', nonce: '', at, frame: new Uint8Array(0), target }
      : { seq, sender, nonce, at, frame, target };
    const next = [...rows, row].sort((a, b) => a.seq - b.seq);
    this.#streams[record.stream].set(record.room, next);
    return known ? 'nonce taken' : 'stored';
  }
}

/** The first one always, then as many as the bytes allow. */
function withinBytes<T>(rows: readonly T[], maxBytes: number, bytesOf: (row: T) => Uint8Array): readonly T[] {
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    bytes += bytesOf(row).length;
    if (index > 0 && bytes > maxBytes) return rows.slice(0, index);
  }
  return rows;
}
