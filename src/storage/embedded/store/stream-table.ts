/** Stores the records of one stream, each at most once, and tells a repeated record from a contradiction. */
import type { Database, Statement } from 'bun:sqlite';
import type { LogRecord } from '../../ports/log-record.ts';
import { NONCE_WINDOW } from './recent-nonces.ts';
import { MAX_SEQ, rowId } from './schema.ts';
import { type SenderState, Senders } from './senders.ts';

/** What became of a record. One that was refused may have left a placeholder. */
export type Outcome =
  | 'stored'
  | 'repeated'
  | 'outdated'
  | { readonly refused: string; readonly hasPlaceholder?: boolean };

interface StoredRow {
  readonly sender: string;
  readonly nonce: string;
  readonly frame: Uint8Array;
}

type InsertParams = [room: number, seq: number, prev: number, sender: string, nonce: string, at: number, Uint8Array];

const NO_FRAME = new Uint8Array(0);

export class StreamTable {
  readonly #senders: Senders;
  readonly #insert: Statement<unknown, InsertParams>;
  readonly #find: Statement<StoredRow, [number, number]>;
  readonly #successor: Statement<{ seq: number; prev: number }, [number, number, number]>;
  readonly #setPrev: Statement<unknown, [number, number, number]>;

  constructor(db: Database, table: 'message' | 'change', maxSenderBytes: number) {
    this.#senders = new Senders(db, table, maxSenderBytes);
    this.#insert = db.prepare(`
      INSERT INTO ${table} (id, prev, sender, nonce, at, frame) VALUES (${rowId('?', '?')}, ?, ?, ?, ?, ?)
      ON CONFLICT DO NOTHING`);
    this.#find = db.prepare(`SELECT sender, nonce, frame FROM ${table} WHERE id = ${rowId('?', '?')}`);
    this.#successor = db.prepare(`
      WITH RECURSIVE chain (seq, prev) AS (
        SELECT ?2, (SELECT prev FROM ${table} WHERE id = ${rowId('?1', '?2')})
        UNION ALL
        SELECT chain.prev, t.prev FROM chain CROSS JOIN ${table} AS t ON t.id = ${rowId('?1', 'chain.prev')}
        WHERE chain.prev > ?3
      )
      SELECT min(seq) AS seq, prev FROM chain`);
    this.#setPrev = db.prepare(`UPDATE ${table} SET prev = ?3 WHERE id = ${rowId('?1', '?2')}`);
  }

  /** A record that `isOutdated` comes from an owner that is fenced off: it counts only if it is here already. */
  place(room: number, isOutdated: boolean, record: LogRecord): Outcome {
    const sender = this.#senders.of(room, record.sender);
    const { seq, nonce } = record;
    // Nearly every record is its sender's newest, with a nonce that was not seen lately.
    const newest = seq > sender.last && seq <= MAX_SEQ && Number.isInteger(seq);
    if (!newest || isOutdated || sender.nonces.mayHave(nonce)) {
      return this.#placeDoubtful(sender, isOutdated, record);
    }
    const { changes } = this.#insert.run(room, seq, sender.last, record.sender, nonce, record.at, record.frame);
    if (changes === 0) return this.#compare(room, record) ?? { refused: 'the seq is taken' };
    this.#senders.stored(sender, seq, nonce);
    return 'stored';
  }

  flush(): void {
    this.#senders.flush();
  }

  reset(): void {
    this.#senders.reset();
  }

  #placeDoubtful(sender: SenderState, isOutdated: boolean, record: LogRecord): Outcome {
    const { room } = sender;
    const { seq, nonce } = record;
    if (!Number.isInteger(seq) || seq < 1 || seq > MAX_SEQ) return { refused: `no seq can be ${seq}` };
    const compared = this.#compare(room, record);
    if (compared !== null) return isOutdated && compared !== 'repeated' ? 'outdated' : compared;
    if (isOutdated) return 'outdated';
    const recent = this.#senders.chain.before(room, sender.last, NONCE_WINDOW);
    const earlier = recent.find((post) => post.nonce === nonce);
    if (earlier !== undefined) {
      // The seq is known to the room's members already: it gets a placeholder, for a room's seqs have no holes.
      this.#insert.run(room, seq, 0, '', '', record.at, NO_FRAME);
      return { refused: `the nonce belongs to seq ${earlier.seq}`, hasPlaceholder: true };
    }
    if (seq > sender.last) {
      this.#insert.run(room, seq, sender.last, record.sender, nonce, record.at, record.frame);
      this.#senders.stored(sender, seq, nonce);
    } else {
      this.#insertInto(sender, record);
    }
    return 'stored';
  }

  /** Null if the seq is free. */
  #compare(room: number, record: LogRecord): Outcome | null {
    const stored = this.#find.get(room, record.seq);
    if (stored === null) return null;
    const same = stored.sender === record.sender && stored.nonce === record.nonce;
    // A recall has deleted the frame; sender and nonce are still there, unlike in a placeholder.
    if (same && (stored.frame.length === 0 || Buffer.compare(stored.frame, record.frame) === 0)) return 'repeated';
    return { refused: 'another record has this seq' };
  }

  /** Puts a record that is not its sender's newest into its place in the chain. */
  #insertInto(sender: SenderState, record: LogRecord): void {
    this.#senders.flush();
    const successor = this.#successor.get(sender.room, sender.last, record.seq);
    if (successor === null) throw new Error('a chain holds its own head');
    const { room } = sender;
    this.#insert.run(room, record.seq, successor.prev, record.sender, record.nonce, record.at, record.frame);
    this.#setPrev.run(room, successor.seq, record.seq);
    this.#senders.forget(sender);
  }
}
