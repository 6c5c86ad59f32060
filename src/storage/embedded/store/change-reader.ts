/** Reads changes and what they have made of messages. */
import type { Database, Statement } from 'bun:sqlite';
import { checkChangesQuery, cutStates, fitting, noStates, statesPage } from '../../ports/history-page.ts';
import type { ChangesQuery, StatesPage, StatesQuery, StoredChange, StoredState } from '../../ports/message-store.ts';
import { rowId, SEQ_OF_ID } from './schema.ts';

interface Size {
  readonly seq: number;
  readonly bytes: number;
}

type Range = [room: number, from: number, to: number];

export class ChangeReader {
  readonly #changeSizes: Statement<Size, [room: number, from: number, to: number, limit: number]>;
  readonly #changes: Statement<StoredChange, Range>;
  readonly #stateSizesUp: Statement<Size, Range>;
  readonly #stateSizesDown: Statement<Size, Range>;
  readonly #states: Statement<StoredState, Range>;
  readonly #pins: Statement<StoredState, [room: number]>;

  constructor(db: Database) {
    const within = `id BETWEEN ${rowId('?1', '?2')} AND ${rowId('?1', '?3')}`;
    const stateSize = `SELECT ${SEQ_OF_ID} AS seq, length(state) AS bytes FROM message_state WHERE ${within}`;
    const state = `SELECT ${SEQ_OF_ID} AS seq, change, state FROM message_state`;
    this.#changeSizes = db.prepare(`
      SELECT ${SEQ_OF_ID} AS seq, length(frame) AS bytes FROM change WHERE ${within} ORDER BY id LIMIT ?4`);
    this.#changes = db.prepare(`
      SELECT ${SEQ_OF_ID} AS change, target AS seq, frame FROM change WHERE ${within} ORDER BY id`);
    this.#stateSizesUp = db.prepare(`${stateSize} ORDER BY id`);
    this.#stateSizesDown = db.prepare(`${stateSize} ORDER BY id DESC`);
    this.#states = db.prepare(`${state} WHERE ${within} ORDER BY id`);
    this.#pins = db.prepare(`
      ${state} WHERE pinned = 1 AND id > ${rowId('?1', '0')} AND id < ${rowId('(?1 + 1)', '0')} ORDER BY id`);
  }

  changes(room: number, query: ChangesQuery): readonly StoredChange[] {
    checkChangesQuery(query);
    const { after, to, limit, maxBytes } = query;
    const sizes = this.#changeSizes.all(room, after + 1, to, limit);
    const last = sizes[fitting(sizes, limit, maxBytes) - 1];
    return last === undefined ? [] : this.#changes.all(room, after + 1, last.seq);
  }

  states(room: number, query: StatesQuery): StatesPage {
    const sizes = (query.descending ? this.#stateSizesDown : this.#stateSizesUp).all(room, query.from, query.to);
    const cut = cutStates(query, sizes);
    if (cut === undefined) return noStates(query);
    return statesPage(query, this.#states.all(room, cut.from, cut.to), cut.reached);
  }

  pins(room: number): readonly StoredState[] {
    return this.#pins.all(room);
  }
}
