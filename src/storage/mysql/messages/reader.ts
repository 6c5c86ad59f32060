/**
 * The message store's reading side.
 *
 * Heads and nonces come from the primary always, as seqs are given out by them. History may come from a replica. A
 * partition's batches are applied there in the order of their commits, so that what a replica has of a room is a
 * beginning of it without a hole; a page is taken from it only where nothing could be missing at the page's end, or the
 * primary's head says that nothing is.
 */
import { StorageFault } from '../../ports/faults.ts';
import { checkChangesQuery, checkQuery } from '../../ports/history-page.ts';
import type { RecordStream } from '../../ports/log-record.ts';
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
} from '../../ports/message-store.ts';
import type { SqlRunner } from '../connection.ts';
import { openPool, type PoolOptions, type SqlPool } from '../pool.ts';
import { NOWHERE } from '../position.ts';
import { Replicas, type ReplicasOptions, type ReplicasStats } from '../replicas.ts';
import { changeHead, readChanges, readPins, readStates } from './changes.ts';
import { type FoundPage, readPage } from './history.ts';
import { countMentions } from './mentions.ts';
import { bytesOf, lastPosts, textOf } from './rows.ts';
import { STREAM_TABLES } from './schema.ts';

export interface MessageStoreReaderOptions {
  /** Of the pool of connections to the primary that the reader opens. */
  readonly pool?: PoolOptions;
  readonly replicas?: ReplicasOptions;
}

/** Servers that are open already, such as those of the records. */
interface ReaderServers {
  readonly primary: SqlPool;
  readonly replicas: Replicas;
}

const HEAD = `
  SELECT (SELECT MAX(seq) FROM ${STREAM_TABLES.messages} WHERE room = ?) AS seq,
    (SELECT MAX(seq) FROM ${STREAM_TABLES.changes} WHERE room = ?) AS \`change\``;

/** Steps from room to room in the tree of the primary key. */
const ROOMS = `
  SELECT heads.room, heads.seq,
    (SELECT MAX(seq) FROM ${STREAM_TABLES.changes} AS changes WHERE changes.room = heads.room) AS \`change\`
  FROM (SELECT room, MAX(seq) AS seq FROM ${STREAM_TABLES.messages} WHERE room > ? GROUP BY room ORDER BY room LIMIT ?) AS heads
  ORDER BY heads.room`;

/** Opens nothing yet: the first read does. The tables must exist: the writer makes them. */
export function openMessageStoreReader(
  url: string,
  replicaUrls: readonly string[] = [],
  options: MessageStoreReaderOptions = {},
): MysqlMessageStoreReader {
  const primary = openPool(url, options.pool);
  const replicas = new Replicas(primary, replicaUrls, options.replicas);
  return new MysqlMessageStoreReader({ primary, replicas }, async () => {
    await replicas.close();
    await primary.close();
  });
}

/** Reads by the connections of a thread that has its servers open, and leaves closing them to it. */
export function messageStoreReaderOn(servers: ReaderServers): MysqlMessageStoreReader {
  return new MysqlMessageStoreReader(servers, () => Promise.resolve());
}

class MysqlMessageStoreReader implements MessageStoreReader {
  readonly #primary: SqlPool;
  readonly #replicas: Replicas;
  readonly #close: () => Promise<void>;

  constructor({ primary, replicas }: ReaderServers, close: () => Promise<void>) {
    this.#primary = primary;
    this.#replicas = replicas;
    this.#close = close;
  }

  /** How many pages came from where. */
  get stats(): ReplicasStats {
    return this.#replicas.stats;
  }

  async head(room: string): Promise<RoomHead> {
    const key = bytesOf(room);
    const [row] = await this.#primary.rows<{ seq: number | null; change: number | null }>(HEAD, [key, key]);
    return { seq: row?.seq ?? 0, change: row?.change ?? 0 };
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    checkQuery(query);
    // Nothing but the primary knows the newest messages.
    const isNewest = query.after === undefined && query.before === undefined;
    const page = isNewest ? undefined : await this.#replicaPage(query);
    const { frames, firstSeq, more } = page ?? (await readPage(this.#primary, query));
    return { frames, firstSeq, more };
  }

  async rooms(after: string, limit: number): Promise<readonly ListedRoom[]> {
    const rows = await this.#primary.rows<{ room: Uint8Array; seq: number; change: number | null }>(ROOMS, [
      bytesOf(after),
      limit,
    ]);
    return rows.map(({ room, seq, change }) => ({ room: textOf(room), seq, change: change ?? 0 }));
  }

  /** By the primary, since a mention that a replica lacks would be none. */
  async mentions(room: string, users: readonly MentionQuery[], to: number): Promise<readonly number[]> {
    return await countMentions(this.#primary, room, users, to);
  }

  async nonces(
    room: string,
    sender: string,
    limit: number,
    stream: RecordStream = 'messages',
  ): Promise<readonly PostedNonce[]> {
    return await lastPosts(this.#primary, STREAM_TABLES[stream], { room, sender }, limit);
  }

  async changes(query: ChangesQuery): Promise<readonly StoredChange[]> {
    checkChangesQuery(query);
    const found = await this.#knowing(query, (runner) => readChanges(runner, query));
    // A replica that lacks one in between is no use, whatever its newest is.
    const isWhole = found.every(({ change }, index) => change === query.after + 1 + index);
    return isWhole ? found : await readChanges(this.#primary, query);
  }

  async states(query: StatesQuery): Promise<StatesPage> {
    return await this.#knowing(query, (runner) => readStates(runner, query));
  }

  async pins(room: string, known: number): Promise<readonly StoredState[]> {
    return await this.#knowing({ room, known }, (runner) => readPins(runner, room));
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** On a replica that has the room's changes up to `known`, or on the primary. */
  async #knowing<T>(
    { room, known }: { readonly room: string; readonly known: number },
    work: (runner: SqlRunner) => Promise<T>,
  ): Promise<T> {
    const found = await this.#replicas.read(NOWHERE, async (runner) => {
      // What is read after the head is at least as new.
      const knows = runner === this.#primary || (await changeHead(runner, room)) >= known;
      return knows ? { value: await work(runner) } : undefined;
    });
    return found === undefined ? await work(this.#primary) : found.value;
  }

  /** A page that is surely what the primary would answer; undefined where that is not certain. */
  async #replicaPage(query: HistoryQuery): Promise<FoundPage | undefined> {
    const { page, isFinal } = await this.#replicas.read(NOWHERE, async (runner) => ({
      page: await readPage(runner, query),
      isFinal: runner === this.#primary,
    }));
    if (isFinal) return page;
    const { frames, firstSeq, lastSeq, more } = page;
    if (frames.length === 0 || lastSeq - firstSeq + 1 !== frames.length) return undefined;
    if (query.after === undefined) {
      return lastSeq + 1 === query.before && (more || firstSeq === 1) ? page : undefined;
    }
    if (firstSeq !== query.after + 1) return undefined;
    return more ? page : await this.#endingPage(query, page);
  }

  /** The replica has nothing after the page. Whether the room has is what the primary's head says. */
  async #endingPage(query: HistoryQuery, page: FoundPage): Promise<FoundPage | undefined> {
    const isFull = page.frames.length === query.limit;
    try {
      const { seq } = await this.head(query.room);
      if (seq <= page.lastSeq) return page;
    } catch (error) {
      // Without the primary a full page is still right; whoever goes on from its end learns what there is.
      if (!(error instanceof StorageFault) || !isFull) throw error;
    }
    return isFull ? { ...page, more: true } : undefined;
  }
}

export type { MysqlMessageStoreReader };
