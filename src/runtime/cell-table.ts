/** The active actors of one kind on one shard, by id. */
import type { Cell } from './cell.ts';

const FIRST_SLOTS = 8;

/**
 * Cells side by side, and an index over the hashes that their refs carry anyway: a `Map` hashes every id again, and what
 * an actor costs to make is mostly memory that is touched.
 *
 * *Details.* The index is open addressing with linear probing, at most half full. It holds a cell's place plus one; zero is
 * free. A cell that goes leaves its place to the last one, so that whoever walks from the last place to the first meets all
 * that stay, also where others come and go meanwhile.
 */
export class CellTable {
  readonly #cells: Cell<never>[] = [];
  /** The hash of the cell at each place. */
  #hashes = new Int32Array(FIRST_SLOTS / 2);
  #index = new Int32Array(FIRST_SLOTS);

  get size(): number {
    return this.#cells.length;
  }

  /** `hash` is the `hashOf` of the id. */
  get(id: string, hash: number): Cell<never> | undefined {
    const index = this.#index;
    const mask = index.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = (index[slot] as number) - 1;
      if (place < 0) return undefined;
      if (this.#hashes[place] !== hash) continue;
      const cell = this.#cells[place] as Cell<never>;
      if (cell.self.id === id) return cell;
    }
  }

  /** The cell must not be in the table, nor another of its id. */
  add(cell: Cell<never>): void {
    const place = this.#cells.length;
    if (place === this.#hashes.length) this.#grow();
    const { hash } = cell.self;
    this.#cells.push(cell);
    this.#hashes[place] = hash;
    put(this.#index, hash, place);
  }

  /** The cell must be in the table. */
  delete(cell: Cell<never>): void {
    const slot = this.#slotOf(cell);
    const place = (this.#index[slot] as number) - 1;
    const lastPlace = this.#cells.length - 1;
    const last = this.#cells[lastPlace] as Cell<never>;
    this.#index[this.#slotOf(last)] = place + 1;
    this.#cells[place] = last;
    this.#hashes[place] = last.self.hash;
    this.#cells.pop();
    this.#free(slot);
  }

  /** The cell at a place below `size`. */
  at(place: number): Cell<never> | undefined {
    return this.#cells[place];
  }

  /** All of them now. */
  list(): Cell<never>[] {
    return this.#cells.slice();
  }

  #slotOf(cell: Cell<never>): number {
    const index = this.#index;
    const mask = index.length - 1;
    let slot = cell.self.hash & mask;
    while (this.#cells[(index[slot] as number) - 1] !== cell) slot = (slot + 1) & mask;
    return slot;
  }

  /** Closes the gap: whatever a probe would no longer reach moves into it. */
  #free(freed: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let gap = freed;
    for (let slot = (gap + 1) & mask; index[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (this.#hashes[(index[slot] as number) - 1] as number) & mask;
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      index[gap] = index[slot] as number;
      gap = slot;
    }
    index[gap] = 0;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    const index = new Int32Array(this.#index.length * 2);
    hashes.set(this.#hashes);
    for (let place = 0; place < this.#cells.length; place++) put(index, hashes[place] as number, place);
    this.#hashes = hashes;
    this.#index = index;
  }
}

function put(index: Int32Array, hash: number, place: number): void {
  const mask = index.length - 1;
  let slot = hash & mask;
  while (index[slot] !== 0) slot = (slot + 1) & mask;
  index[slot] = place + 1;
}
