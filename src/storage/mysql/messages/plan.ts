/**
 * Decides what becomes of records that may meet what is stored: the careful way, in the order of the records, knowing all
 * that each of them could collide with. It reads nothing and writes nothing.
 */
import type { LogRecord } from '../../ports/log-record.ts';
import type { NonceUse, Row, SenderPost, StoredRow } from './rows.ts';

/** What became of a record: `stored`, `repeated`, `outdated`, or the reason for which it was refused. */
export type Outcome = 'stored' | 'repeated' | 'outdated' | { readonly refused: string };

/** A record of the batch with what the batch knows of it. */
export interface Arrival {
  readonly record: LogRecord;
  /** Its epoch is lower than its slot's. */
  readonly isOutdated: boolean;
}

/** Idempotence covers this many of a sender's last posts in a room. */
export const NONCE_WINDOW = 1_000;

/** The wire's largest message. No room makes a larger frame, and statements need a bound. */
const MAX_FRAME_BYTES = 1024 * 1024;

const NO_FRAME = new Uint8Array(0);

type Compared = Pick<StoredRow, 'sender' | 'nonce' | 'frame'>;

export class Plan {
  /** To be inserted: those whose nonce is theirs alone. */
  readonly rows: Row[] = [];
  /** To be inserted: those whose nonce is taken, and those without one. */
  readonly again: Row[] = [];
  readonly outcomes: Outcome[] = [];
  readonly #bySeq = new Map<string, Compared>();
  readonly #uses: Set<string>;
  readonly #windows: ReadonlyMap<string, SenderPost[]>;

  /**
   * `stored` are the rows at the seqs of the records; `uses` those of the records' nonces that are stored; `windows` hold
   * the last posts of every sender for whom `needsWindow` says so, by `senderKey`.
   */
  constructor(
    stored: readonly StoredRow[],
    uses: readonly NonceUse[],
    windows: ReadonlyMap<string, readonly SenderPost[]>,
  ) {
    for (const row of stored) this.#bySeq.set(seqKey(row), row);
    this.#uses = new Set(uses.map(useKey));
    this.#windows = new Map([...windows].map(([key, posts]) => [key, [...posts]]));
  }

  place(arrival: Arrival): void {
    this.outcomes.push(this.#outcome(arrival));
  }

  #outcome({ record, isOutdated }: Arrival): Outcome {
    const there = this.#bySeq.get(seqKey(record));
    if (there !== undefined) {
      if (isSame(there, record)) return 'repeated';
      return isOutdated ? 'outdated' : { refused: 'another record has this seq' };
    }
    if (isOutdated) return 'outdated';
    if (isTooLarge(record)) return this.#refuse(record, `a frame of ${record.frame.length} bytes is too large`);
    const window = this.#windows.get(senderKey(record));
    const earlier = window?.find((post) => post.nonce === record.nonce);
    if (earlier === undefined) {
      this.#insert(record, this.#uses.has(useKey(record)) ? this.again : this.rows);
      this.#uses.add(useKey(record));
      if (window !== undefined) addTo(window, record);
      return 'stored';
    }
    return this.#refuse(record, `the nonce belongs to seq ${earlier.seq}`);
  }

  /** The seq is known to the room's members already: it gets a placeholder, for a room's seqs have no holes. */
  #refuse(record: LogRecord, reason: string): Outcome {
    this.#insert({ ...record, sender: '', nonce: '', frame: NO_FRAME }, this.again);
    return { refused: reason };
  }

  #insert(row: Row, into: Row[]): void {
    into.push(row);
    this.#bySeq.set(seqKey(row), row);
  }
}

/** One of each sender whose last posts have to be known, since a nonce is stored already or comes twice. */
export function needsWindow(records: readonly LogRecord[], uses: readonly NonceUse[]): readonly NonceUse[] {
  const senders = new Map(uses.map((use) => [senderKey(use), use]));
  const seen = new Set<string>();
  for (const record of records) {
    const key = useKey(record);
    if (seen.has(key)) senders.set(senderKey(record), record);
    seen.add(key);
  }
  return [...senders.values()];
}

export function isTooLarge({ frame }: LogRecord): boolean {
  return frame.length > MAX_FRAME_BYTES;
}

export function seqKey({ room, seq }: Pick<Row, 'room' | 'seq'>): string {
  return `${seq} ${room}`;
}

export function senderKey({ room, sender }: Pick<Row, 'room' | 'sender'>): string {
  return `${room.length} ${room}${sender}`;
}

function useKey({ room, sender, nonce }: NonceUse): string {
  return `${room.length} ${sender.length} ${room}${sender}${nonce}`;
}

/** A recall deletes the frame; sender and nonce are still there, unlike in a placeholder. */
function isSame(stored: Compared, record: LogRecord): boolean {
  if (stored.sender !== record.sender || stored.nonce !== record.nonce) return false;
  return stored.frame.length === 0 || Buffer.compare(stored.frame, record.frame) === 0;
}

/** Keeps the posts ascending by seq, and no more than the window's. */
function addTo(window: SenderPost[], { seq, nonce }: SenderPost): void {
  let place = window.length;
  while (place > 0 && (window[place - 1]?.seq ?? 0) > seq) place -= 1;
  window.splice(place, 0, { seq, nonce });
  if (window.length > NONCE_WINDOW) window.shift();
}
