/** The dispatcher: runs ready actors in slices, so that no actor starves another and no shard starves its sockets. */
import type { Cell } from './cell.ts';
import type { Host, RuntimeLog } from './host.ts';

export interface DispatcherOptions {
  /** Most messages one actor handles before the next one's turn. */
  readonly messagesPerTurn: number;
  /** Milliseconds a slice may take before I/O is let in. */
  readonly sliceMs: number;
  /** Turns that take longer than this are logged with the actor's address. */
  readonly slowMs: number;
}

/**
 * The clock is read once in so many turns or messages, whichever comes first; the turn before the reading is the one that
 * is sampled. The number of messages is a guess that follows their measured cost, since a slice of slow handlers must end
 * as timely as one of quick ones.
 */
const TURNS_PER_READING = 16;
const MOST_PER_READING = 1024;
const FIRST_GUESS = 64;
/** Share of a slice that the messages between two readings should take. */
const GOAL = 0.25;
/** The guess grows slowly, and falls at once. */
const GROWTH = 1.25;
const FIRST_CAPACITY = 256;

export class Dispatcher {
  readonly #host: Host;
  readonly #log: RuntimeLog;
  readonly #options: DispatcherOptions;
  #queue: (Cell<never> | undefined)[] = new Array<Cell<never> | undefined>(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  #size = 0;
  #turns = 0;
  /** The first turn since the clock was read. */
  #firstTurn = 0;
  /** Messages that may be handled before it is read again. */
  #perReading = FIRST_GUESS;
  readonly #recent: (Cell<never> | undefined)[] = new Array<Cell<never> | undefined>(TURNS_PER_READING).fill(undefined);

  constructor(host: Host, log: RuntimeLog, options: DispatcherOptions) {
    this.#host = host;
    this.#log = log;
    this.#options = options;
  }

  get ready(): number {
    return this.#size;
  }

  push(cell: Cell<never>): void {
    if (this.#size > this.#mask) this.#grow();
    this.#queue[(this.#head + this.#size) & this.#mask] = cell;
    this.#size += 1;
  }

  /** Runs turns until none is ready or the slice is over. `startMs` is when the slice began. */
  run(startMs: number): void {
    const { messagesPerTurn, sliceMs } = this.#options;
    let lastMs = startMs;
    let since = 0;
    this.#firstTurn = this.#turns;
    while (this.#size > 0) {
      const cell = this.#shift();
      const place = this.#turns++ % TURNS_PER_READING;
      this.#recent[place] = cell;
      const left = this.#perReading - since;
      if (place !== TURNS_PER_READING - 1 && left > messagesPerTurn) {
        since += cell.run(messagesPerTurn);
        continue;
      }
      const beforeMs = this.#host.monotonicMs();
      const handled = cell.run(Math.min(messagesPerTurn, left));
      const nowMs = this.#host.monotonicMs();
      cell.entry.stats.sample(nowMs - beforeMs, handled);
      this.#learn(nowMs - lastMs, since + handled);
      if (nowMs - beforeMs > this.#options.slowMs) this.#report('a slow turn', [cell.self.address], nowMs - beforeMs);
      else if (nowMs - lastMs > this.#options.slowMs) this.#reportSlow(nowMs - lastMs);
      lastMs = nowMs;
      since = 0;
      this.#firstTurn = this.#turns;
      if (nowMs - startMs >= sliceMs) return;
    }
    if (this.#firstTurn === this.#turns) return;
    const endMs = this.#host.monotonicMs();
    this.#learn(endMs - lastMs, since);
    if (endMs - lastMs > this.#options.slowMs) this.#reportSlow(endMs - lastMs);
  }

  #learn(elapsedMs: number, messages: number): void {
    if (messages === 0) return;
    const fits = elapsedMs > 0 ? (messages * this.#options.sliceMs * GOAL) / elapsedMs : MOST_PER_READING;
    const grown = Math.min(MOST_PER_READING, Math.ceil(this.#perReading * GROWTH));
    this.#perReading = Math.max(1, Math.min(grown, Math.floor(fits)));
  }

  #reportSlow(ms: number): void {
    const actors = new Set<string>();
    for (let turn = Math.max(this.#firstTurn, this.#turns - TURNS_PER_READING); turn < this.#turns; turn++) {
      const address = this.#recent[turn % TURNS_PER_READING]?.self.address;
      if (address !== undefined) actors.add(address);
    }
    this.#report('slow turns', [...actors], ms);
  }

  #report(text: string, actors: readonly string[], ms: number): void {
    this.#log.warn(text, { actors, ms: Math.round(ms) });
  }

  #shift(): Cell<never> {
    const cell = this.#queue[this.#head] as Cell<never>;
    this.#queue[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    this.#size -= 1;
    return cell;
  }

  #grow(): void {
    const old = this.#queue;
    const length = old.length;
    const queue = new Array<Cell<never> | undefined>(length * 2).fill(undefined);
    for (let index = 0; index < this.#size; index++) queue[index] = old[(this.#head + index) & this.#mask];
    this.#queue = queue;
    this.#mask = length * 2 - 1;
    this.#head = 0;
  }
}
