/**
 * Stores the records of one stream, each at most once, and tells a repeated record from a contradiction.
 *
 * Nearly every record is new, so rows are inserted at once, many in a statement, and the unique keys say where that was
 * wrong. Then, and wherever else a record is doubtful, those of the statement are looked at one by one.
 */
import type { SqlRunner } from '../connection.ts';
import { isDuplicate } from '../faults.ts';
import { type Arrival, isTooLarge, NONCE_WINDOW, needsWindow, type Outcome, Plan, senderKey, seqKey } from './plan.ts';
import { findBySeq, findUses, insertAgain, insertPiece, lastPosts, type SenderPost, statementPieces } from './rows.ts';
import { MAX_SEQ, type StreamTableName } from './schema.ts';

/** An arrival with its place in the batch. */
type Placed = Arrival & { readonly index: number };

export class StreamTable {
  readonly #runner: SqlRunner;
  readonly #table: StreamTableName;
  /** A replay repeats most of a batch: one doubtful piece makes the next one doubtful. */
  #careful = false;

  /** For one transaction. */
  constructor(runner: SqlRunner, table: StreamTableName) {
    this.#runner = runner;
    this.#table = table;
  }

  /** Writes what becomes of each arrival into `outcomes`, by its index. */
  async place(arrivals: readonly Placed[], outcomes: Outcome[]): Promise<void> {
    const possible: Placed[] = [];
    for (const arrival of arrivals) {
      const { seq } = arrival.record;
      if (isSeq(seq)) possible.push(arrival);
      else outcomes[arrival.index] = { refused: `no seq can be ${seq}` };
    }
    for (const piece of statementPieces(possible, ({ record }) => record.frame.length)) {
      await this.#placePiece(piece, outcomes);
    }
  }

  async #placePiece(piece: readonly Placed[], outcomes: Outcome[]): Promise<void> {
    const isDoubtful = this.#careful || piece.some(({ record, isOutdated }) => isOutdated || isTooLarge(record));
    const known = isDoubtful ? null : await this.#insertNew(piece);
    const found = known ?? (await this.#compare(piece));
    this.#careful = found.some((outcome) => outcome !== 'stored');
    for (const [place, { index }] of piece.entries()) outcomes[index] = found[place] ?? 'stored';
  }

  /** Null where one of the keys is taken; nothing is stored then. */
  async #insertNew(piece: readonly Placed[]): Promise<readonly Outcome[] | null> {
    try {
      await insertPiece(
        this.#runner,
        this.#table,
        piece.map(({ record }) => record),
      );
    } catch (error) {
      if (isDuplicate(error)) return null;
      throw error;
    }
    return piece.map(() => 'stored');
  }

  async #compare(piece: readonly Placed[]): Promise<readonly Outcome[]> {
    const records = piece.map(({ record }) => record);
    const stored = await findBySeq(this.#runner, this.#table, records);
    const there = new Set(stored.map(seqKey));
    const arrived = piece.filter(({ record, isOutdated }) => !isOutdated && !there.has(seqKey(record)));
    const candidates = arrived.map(({ record }) => record);
    const uses = await findUses(this.#runner, this.#table, candidates);
    const windows = new Map<string, readonly SenderPost[]>();
    for (const sender of needsWindow(candidates, uses)) {
      windows.set(senderKey(sender), await lastPosts(this.#runner, this.#table, sender, NONCE_WINDOW));
    }
    const plan = new Plan(stored, uses, windows);
    for (const arrival of piece) plan.place(arrival);
    for (const rows of statementPieces(plan.rows, ({ frame }) => frame.length)) {
      await insertPiece(this.#runner, this.#table, rows);
    }
    for (const row of plan.again) await insertAgain(this.#runner, this.#table, row);
    return plan.outcomes;
  }
}

function isSeq(seq: number): boolean {
  return Number.isInteger(seq) && seq >= 1 && seq <= MAX_SEQ;
}
