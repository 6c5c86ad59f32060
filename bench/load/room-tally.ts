/** Accounts for every message of one room: who got what, in which order, and what everybody has. */

export class RoomTally {
  readonly members: number;
  /** Ids in the order of the socket that was first at each place. All others must agree. */
  readonly #order: number[] = [];
  /** Members that still lack the message at each place. */
  readonly #missing: number[] = [];
  readonly #places: Int32Array;
  readonly #seen = new Set<number>();
  duplicated = 0;
  reordered = 0;

  constructor(members: number) {
    this.members = members;
    this.#places = new Int32Array(members);
  }

  /** A member got a message. True if everybody has it now. `seq` is 0 where the server gives none. */
  got(member: number, id: number, seq: number): boolean {
    const place = this.#places[member] as number;
    if (seq !== 0 && seq !== place + 1) return this.#outOfPlace(member, id);
    if (place === this.#order.length) {
      if (this.#seen.has(id)) return this.#outOfPlace(member, id);
      this.#seen.add(id);
      this.#order.push(id);
      this.#missing.push(this.members);
    } else if (this.#order[place] !== id) return this.#outOfPlace(member, id);
    this.#places[member] = place + 1;
    const missing = (this.#missing[place] as number) - 1;
    this.#missing[place] = missing;
    return missing === 0;
  }

  /** Deliveries that never came, of `posted` posts to this room. */
  lost(posted: number): number {
    let lost = 0;
    for (const place of this.#places) lost += Math.max(0, posted - place);
    return lost;
  }

  #outOfPlace(member: number, id: number): false {
    const had = this.#order.indexOf(id);
    if (had >= 0 && had < (this.#places[member] as number)) this.duplicated += 1;
    else this.reordered += 1;
    return false;
  }
}
