/**
 * Reading messages behind a cache of blocks.
 *
 * A room's seqs are cut into blocks of equal length. A block below a seq that the store is known to have is complete, and
 * then for good: so a cached block has no hole and misses nothing, however old it is. Everything near the head comes out
 * of the store; heads and nonces always do. A block is cached when it is asked for a second time, so that reading old
 * history once costs the cache nothing.
 *
 * A block is made of messages as they were posted: changes, and what they have made of messages, always come out of the
 * store. A recalled message may stay in a block until it expires; its state says that it is not to be shown.
 */
import type { RecordStream } from '../ports/log-record.ts';
import type {
  ChangesQuery,
  HistoryPage,
  HistoryQuery,
  ListedRoom,
  MentionQuery,
  MessageStoreReader,
  PostedNonce,
  RoomHead,
  StatesPage,
  StatesQuery,
  StoredChange,
  StoredState,
} from '../ports/message-store.ts';
import type { Promised } from '../ports/records.ts';
import { BoundedMap } from './bounded-map.ts';
import { framesCodec } from './codecs.ts';
import { HotList } from './hot-list.ts';
import { Space } from './space.ts';
import { SPACE_DEFAULTS, type SpaceCounts, type Surroundings } from './space-options.ts';
import { WarmUp } from './warm-up.ts';

export interface CachedMessageReaderOptions extends Surroundings {
  /** Changes when a restore has rewound the store: what was cached of it before counts no more. */
  readonly incarnation: string;
  /** Names this process's list of hot blocks, so that it finds it again after a restart. */
  readonly name: string;
  readonly isRoomId: (id: string) => boolean;
  readonly blockMessages?: number;
}

const BLOCK_MESSAGES = 64;
/** A block whose frames are larger together is not cached: it is read as it was asked for. */
const MAX_BLOCK_BYTES = 256 * 1024;
const MAX_ROOMS = 50_000;
const MAX_SEEN_BLOCKS = 8_192;
const MAX_COUNTED_BLOCKS = 4_096;
const MAX_LIMIT = 200;

interface Blocks {
  readonly room: string;
  readonly first: number;
  readonly last: number;
}

export class CachedMessageReader implements MessageStoreReader {
  readonly #inner: MessageStoreReader;
  readonly #blocks: Space<readonly Uint8Array[]>;
  readonly #blockMessages: number;
  /** For each room a seq that the store is known to have. It has grown since, and never shrinks. */
  readonly #heads = new BoundedMap<number>(MAX_ROOMS);
  /** Blocks that were asked for once. */
  readonly #seen = new BoundedMap<true>(MAX_SEEN_BLOCKS);
  readonly #hot = new HotList(MAX_COUNTED_BLOCKS);
  readonly #warmUp: WarmUp;

  constructor(inner: MessageStoreReader, options: CachedMessageReaderOptions) {
    const { incarnation, isRoomId, name, blockMessages = BLOCK_MESSAGES } = options;
    this.#inner = inner;
    this.#blockMessages = blockMessages;
    this.#blocks = new Space(
      {
        ...SPACE_DEFAULTS,
        name: `block:${incarnation}:${blockMessages}`,
        codec: framesCodec,
        isKey: (id) => isRoomId(id.slice(id.indexOf(':') + 1)),
        nearMs: 60_000,
        // Nothing means that the block is too large, which does not change either.
        nothingMs: SPACE_DEFAULTS.ttlMs,
      },
      options,
    );
    this.#warmUp = new WarmUp(options.cache, `warm:${incarnation}:${name}`);
  }

  get counts(): Readonly<Record<string, SpaceCounts>> {
    return { block: this.#blocks.counts };
  }

  async head(room: string): Promise<RoomHead> {
    const head = await this.#inner.head(room);
    this.#raiseHead(room, head.seq);
    return head;
  }

  mentions(room: string, users: readonly MentionQuery[], to: number): Promised<readonly number[]> {
    return this.#inner.mentions(room, users, to);
  }

  rooms(after: string, limit: number): Promised<readonly ListedRoom[]> {
    return this.#inner.rooms(after, limit);
  }

  nonces(room: string, sender: string, limit: number, stream?: RecordStream): Promised<readonly PostedNonce[]> {
    return this.#inner.nonces(room, sender, limit, stream);
  }

  changes(query: ChangesQuery): Promised<readonly StoredChange[]> {
    return this.#inner.changes(query);
  }

  states(query: StatesQuery): Promised<StatesPage> {
    return this.#inner.states(query);
  }

  pins(room: string, known: number): Promised<readonly StoredState[]> {
    return this.#inner.pins(room, known);
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    const blocks = this.#blocksOf(query);
    const frames = blocks !== undefined && this.#isHot(blocks) ? await this.#framesOf(blocks) : undefined;
    if (blocks === undefined || frames === undefined) return this.#readThrough(query);
    return this.#cut(query, frames, blocks.first * this.#blockMessages + 1);
  }

  /** Writes down which blocks are hot. Call it now and then, and at the end. */
  rememberHot(count: number): Promise<void> {
    return this.#warmUp.remember(this.#hot.hottest(count));
  }

  /**
   * Brings the blocks that were hot when the process ended last into the cache and near, where it lacks them, as fast as
   * the bound on loads permits. Answers how many there are. Throws a `StorageFault` if the cache cannot be asked.
   */
  async warmHot(): Promise<number> {
    const ids = await this.#warmUp.remembered();
    const found = await this.#blocks.readMany(ids, (id) => this.#loadBlock(id));
    for (const id of found.keys()) this.#seen.set(id, true);
    return found.size;
  }

  close(): void | Promise<void> {
    return this.#inner.close();
  }

  // ── blocks ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The blocks in which everything lies that the answer depends on; undefined where one of them may be incomplete. */
  #blocksOf({ room, after, before, limit }: HistoryQuery): Blocks | undefined {
    const wellFormed = Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT;
    if (!wellFormed || (after === undefined) === (before === undefined)) return undefined;
    // One message more than asked for, to know whether there is more; the first of a room has none before it.
    const from = after === undefined ? Math.max(1, (before ?? 0) - limit - 1) : after + 1;
    const to = after === undefined ? (before ?? 0) - 1 : after + limit + 1;
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 1 || to < from) return undefined;
    const first = Math.floor((from - 1) / this.#blockMessages);
    const last = Math.floor((to - 1) / this.#blockMessages);
    return (last + 1) * this.#blockMessages <= (this.#heads.get(room) ?? 0) ? { room, first, last } : undefined;
  }

  /** Whether all of them have been asked for before. */
  #isHot(blocks: Blocks): boolean {
    let hot = true;
    for (const id of idsOf(blocks)) {
      if (this.#seen.get(id) === undefined) hot = false;
      this.#seen.set(id, true);
      this.#hot.touch(id);
    }
    return hot;
  }

  async #framesOf(blocks: Blocks): Promise<readonly Uint8Array[] | undefined> {
    const ids = idsOf(blocks);
    const found = await this.#blocks.readMany(ids, (id) => this.#loadBlock(id));
    return found.size < ids.length ? undefined : ids.flatMap((id) => found.get(id) ?? []);
  }

  /**
   * Null where the block is not whole, or does not fit. So many messages, none of them above the block and none below it,
   * can only be all of it.
   */
  async #loadBlock(id: string): Promise<readonly Uint8Array[] | null> {
    const colon = id.indexOf(':');
    const below = Number(id.slice(0, colon)) * this.#blockMessages;
    const limit = this.#blockMessages;
    const query = { room: id.slice(colon + 1), before: below + limit + 1, limit, maxBytes: MAX_BLOCK_BYTES };
    const { frames, firstSeq } = await this.#inner.history(query);
    return firstSeq === below + 1 && frames.length === limit ? frames : null;
  }

  /** What the store would answer, out of whole blocks that begin at `firstSeq`. */
  #cut({ after, before, limit, maxBytes }: HistoryQuery, frames: readonly Uint8Array[], firstSeq: number): HistoryPage {
    const upwards = after !== undefined;
    const near = upwards ? after + 1 - firstSeq : (before ?? 0) - 1 - firstSeq;
    const step = upwards ? 1 : -1;
    let bytes = 0;
    let count = 0;
    for (let index = near; count < limit && index >= 0 && index < frames.length; index += step) {
      bytes += frames[index]?.length ?? 0;
      if (count > 0 && bytes > maxBytes) break;
      count += 1;
    }
    const start = upwards ? near : near - count + 1;
    // The blocks reach beyond the page, but for the beginning of the room.
    return {
      frames: frames.slice(start, start + count),
      firstSeq: firstSeq + start,
      more: upwards || firstSeq + start > 1,
    };
  }

  async #readThrough(query: HistoryQuery): Promise<HistoryPage> {
    const page = await this.#blocks.limited(() => this.#inner.history(query));
    this.#raiseHead(query.room, page.firstSeq + page.frames.length - 1);
    return page;
  }

  #raiseHead(room: string, seq: number): void {
    if (seq > (this.#heads.get(room) ?? 0)) this.#heads.set(room, seq);
  }
}

/** Block and room: `7:ROOM`. */
function idsOf({ room, first, last }: Blocks): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}:${room}`);
}
