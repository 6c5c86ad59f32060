/**
 * The indexer: brings what the message store has into the search index, room by room, off the way of a message.
 *
 * Owns which rooms are behind. Hears of rooms that moved from the persister, and looks through all rooms at its start and
 * now and then, so that what it was not told is found too. What survives is in the index: how far each room has come.
 */
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { MessageStoreReader } from '../../storage/ports/message-store.ts';
import type { Search } from '../../storage/ports/search.ts';
import type { Lag } from '../storage/persister.ts';
import type { RoomsMoved } from './messages.ts';
import { nextStretch, type StretchStore } from './stretch.ts';

export interface IndexerOptions {
  readonly store: StretchStore & Pick<MessageStoreReader, 'rooms'>;
  readonly index: Pick<Search, 'positions' | 'index'>;
  /** Since when something waits to be indexed. */
  readonly lag: Lag;
  readonly counts: IndexerCounts;
  /** Storage is away: it is tried again, with pauses, until it is back. Told once for each outage. */
  readonly onPaused: (fault: StorageFault) => void;
}

/** For the metrics; outlives the actor's incarnations. */
export interface IndexerCounts {
  indexed: number;
  /** Rooms that are known to be behind. */
  waiting: number;
}

const ROOMS_AT_ONCE = 200;
/** Past this many the set is given up, and all rooms are looked through instead. */
const MAX_BEHIND = 100_000;
const LOOK_AGAIN_MS = 600_000;
const PAUSE_MS = [100, 5_000] as const;

export function indexer(options: IndexerOptions): Behaviour<RoomsMoved> {
  return (context) => new Indexer(context, options);
}

class Indexer implements Actor<RoomsMoved> {
  readonly #context: Context<RoomsMoved>;
  readonly #options: IndexerOptions;
  /** In the order in which they are done. */
  readonly #behind = new Set<string>();
  /** The last room that the look through all of them has come to; undefined while there is none. */
  #lookedAt: string | undefined;
  #busy = false;
  #pauseMs: number = PAUSE_MS[0];

  constructor(context: Context<RoomsMoved>, options: IndexerOptions) {
    this.#context = context;
    this.#options = options;
  }

  started(): void {
    this.#lookThroughAll();
  }

  receive({ rooms }: RoomsMoved): void {
    for (const room of rooms) this.#behind.add(room);
    if (this.#behind.size > MAX_BEHIND) {
      this.#behind.clear();
      this.#lookedAt = '';
    }
    this.#goOn();
  }

  #lookThroughAll(): void {
    this.#lookedAt ??= '';
    this.#goOn();
    this.#context.after(LOOK_AGAIN_MS, () => this.#lookThroughAll());
  }

  /** One step at a time, each a page: whoever asks the storage meanwhile comes in between. */
  #goOn(): void {
    const { lag, counts } = this.#options;
    counts.waiting = this.#behind.size;
    if (this.#busy) return;
    const [room] = this.#behind;
    if (room === undefined && this.#lookedAt === undefined) return lag.end();
    this.#busy = true;
    lag.begin(this.#context.monotonicMs());
    this.#context.pipe(room === undefined ? this.#look() : this.#indexPage(room), (outcome) => {
      if ('error' in outcome) return this.#pauseAfter(outcome.error);
      this.#pauseMs = PAUSE_MS[0];
      this.#busy = false;
      this.#goOn();
    });
  }

  #pauseAfter(error: unknown): void {
    if (!(error instanceof StorageFault)) throw error;
    if (this.#pauseMs === PAUSE_MS[0]) this.#options.onPaused(error);
    this.#context.after(this.#pauseMs * (0.5 + 0.5 * this.#context.random()), () => {
      this.#busy = false;
      this.#goOn();
    });
    this.#pauseMs = Math.min(PAUSE_MS[1], this.#pauseMs * 2);
  }

  /** The next page of rooms: those that are behind are done before the look goes on. */
  async #look(): Promise<void> {
    const { store, index } = this.#options;
    const rooms = await store.rooms(this.#lookedAt ?? '', ROOMS_AT_ONCE);
    const positions = await index.positions(rooms.map(({ room }) => room));
    const indexed = new Map(positions.map((position) => [position.room, position]));
    for (const { room, seq, change } of rooms) {
      const position = indexed.get(room);
      if (seq > (position?.seq ?? 0) || change > (position?.change ?? 0)) this.#behind.add(room);
    }
    this.#lookedAt = rooms.length < ROOMS_AT_ONCE ? undefined : rooms.at(-1)?.room;
  }

  /** A page of the room; where there is more, the room has its turn again behind the others. */
  async #indexPage(room: string): Promise<void> {
    const { store, index, counts } = this.#options;
    this.#behind.delete(room);
    try {
      const [position] = await index.positions([room]);
      const stretch = await nextStretch(store, room, position);
      if (stretch === undefined) return;
      const { more, ...batch } = stretch;
      await index.index(batch);
      counts.indexed += batch.messages.length;
      if (more) this.#behind.add(room);
    } catch (error) {
      this.#behind.add(room);
      throw error;
    }
  }
}
