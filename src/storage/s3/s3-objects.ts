/** Objects in a bucket of any S3; made for and tested on the gateway of Ceph. */
import { S3Client } from '@aws-sdk/client-s3';
import { StorageFault } from '../ports/faults.ts';
import { fileContent } from '../ports/file-content.ts';
import { SourceReader } from '../ports/object-content.ts';
import {
  type ByteRange,
  checkFacts,
  checkKey,
  checkLimit,
  checkQuery,
  type FileSource,
  type ObjectBody,
  type ObjectFacts,
  type ObjectPage,
  type ObjectQuery,
  type ObjectSource,
  type ObjectStore,
  type PutJournal,
  presentOrRefused,
  type UnfinishedPut,
} from '../ports/objects.ts';
import { Bucket } from './bucket.ts';
import { FileParts } from './file-parts.ts';
import { FilePut } from './file-put.ts';
import { PartedPut, planParts } from './parted-put.ts';
import { openObject } from './reading.ts';
import type { RequestLimits } from './requests.ts';

export interface S3Options extends Partial<RequestLimits> {
  /** Base address without the bucket, as `https://s3.example.org`. */
  readonly url: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region?: string;
  /** Content above this goes in parts of this size. S3 allows 5 MiB and more. */
  readonly partBytes?: number;
  /** Parts of one put on their way at once: its memory is this many parts. */
  readonly partsInFlight?: number;
  /** Connections for reading, each held by one reader for as long as it takes, and as many again for all else. */
  readonly maxConnections?: number;
  /** Unfinished puts asked for in one request. */
  readonly listPage?: number;
}

const REQUEST_MS = 30_000;
const CONNECT_MS = 5_000;
const ATTEMPTS = 3;
const PAUSE_MS = 200;
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_IN_FLIGHT = 4;
const MAX_CONNECTIONS = 256;
const LIST_PAGE = 1_000;
const REGION = 'us-east-1';

export class S3Objects implements ObjectStore {
  readonly #clients: readonly S3Client[];
  /** Slow readers hold their connections; nobody else waits behind them. */
  readonly #reading: Bucket;
  readonly #bucket: Bucket;
  readonly #fileParts: FileParts;
  readonly #partBytes: number;
  readonly #partsInFlight: number;
  readonly #listPage: number;

  /** Connects to nothing yet; `ping` does. */
  constructor(options: S3Options) {
    const { requestMs = REQUEST_MS, attempts = ATTEMPTS, pauseMs = PAUSE_MS } = options;
    this.#partBytes = options.partBytes ?? PART_BYTES;
    this.#partsInFlight = options.partsInFlight ?? PARTS_IN_FLIGHT;
    this.#listPage = options.listPage ?? LIST_PAGE;
    this.#clients = [connect(options, requestMs), connect(options, requestMs)];
    const [bucket, reading] = this.#clients.map(
      (client) => new Bucket(client, options.bucket, { requestMs, attempts, pauseMs }),
    ) as [Bucket, Bucket];
    this.#bucket = bucket;
    this.#reading = reading;
    const signer = { ...options, region: options.region ?? REGION };
    this.#fileParts = new FileParts(signer, options.bucket, bucket.limits);
  }

  async put(key: string, source: ObjectSource, signal?: AbortSignal): Promise<'stored' | 'present'> {
    checkKey(key);
    checkFacts(source);
    const { stop, unlink } = stopLinkedTo(signal);
    const reader = new SourceReader(source, stop.signal);
    try {
      stop.signal.throwIfAborted();
      const there = await this.#bucket.head(key, stop.signal);
      if (there !== null) return presentOrRefused(key, there, source);
      if (source.size <= this.#partBytes) return await this.#putWhole(key, source, reader, stop.signal);
      const plan = planParts(source.size, this.#partBytes);
      await new PartedPut(this.#bucket, key, source, { reader, plan, maxInFlight: this.#partsInFlight, stop }).run();
      return 'stored';
    } finally {
      reader.stop();
      unlink();
    }
  }

  async putFile(
    key: string,
    source: FileSource,
    journal: PutJournal,
    signal?: AbortSignal,
  ): Promise<'stored' | 'present'> {
    checkKey(key);
    checkFacts(source);
    if (source.size <= this.#partBytes) {
      const { path, size, sha256 } = source;
      return await this.put(key, { size, sha256, content: fileContent(path) }, signal);
    }
    const { stop, unlink } = stopLinkedTo(signal);
    try {
      stop.signal.throwIfAborted();
      const there = await this.#bucket.head(key, stop.signal);
      if (there !== null) {
        // An earlier put had it stored and died. Its parts are not abandoned: see `PartedPut`.
        await journal.clear();
        return presentOrRefused(key, there, source);
      }
      const plan = planParts(source.size, this.#partBytes);
      const [bucket, parts, maxInFlight] = [this.#bucket, this.#fileParts, this.#partsInFlight];
      await new FilePut({ bucket, parts, key, source, journal, plan, maxInFlight, stop }).run();
      return 'stored';
    } finally {
      unlink();
    }
  }

  async get(key: string, range?: ByteRange): Promise<ObjectBody | null> {
    checkKey(key);
    return await openObject(this.#reading, key, range);
  }

  localPath(): null {
    return null;
  }

  async head(key: string): Promise<ObjectFacts | null> {
    checkKey(key);
    return await this.#bucket.head(key);
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    await this.#bucket.delete(key);
  }

  async list(query: ObjectQuery): Promise<ObjectPage> {
    checkQuery(query);
    return await this.#bucket.list(query);
  }

  async unfinished(startedBefore: number, limit: number): Promise<readonly UnfinishedPut[]> {
    checkLimit(limit);
    const found: UnfinishedPut[] = [];
    let after: UnfinishedPut | null = null;
    for (;;) {
      const { puts, isLast } = await this.#bucket.listParts(after, this.#listPage);
      found.push(...puts.filter((put) => put.startedAt < startedBefore));
      after = puts.at(-1) ?? null;
      if (isLast || after === null || found.length >= limit) return found.slice(0, limit);
    }
  }

  async abandon({ key, id }: UnfinishedPut): Promise<void> {
    checkKey(key);
    await this.#bucket.abortParts(key, id);
  }

  async ping(): Promise<void> {
    await this.#bucket.ping();
  }

  close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    return Promise.resolve();
  }

  async #putWhole(
    key: string,
    facts: ObjectFacts,
    reader: SourceReader,
    signal: AbortSignal,
  ): Promise<'stored' | 'present'> {
    const bytes = await reader.fill(Buffer.allocUnsafe(facts.size));
    await reader.end();
    if (await this.#bucket.putWhole(key, bytes, facts, signal)) return 'stored';
    // Another put was quicker, or this one's first attempt had no answer.
    const there = await this.#bucket.head(key, signal);
    if (there === null) throw new StorageFault('unavailable', `object ${key} was deleted while it was stored`);
    return presentOrRefused(key, there, facts);
  }
}

/** A controller that aborts with a signal, until it is unlinked. */
function stopLinkedTo(signal: AbortSignal | undefined): {
  readonly stop: AbortController;
  readonly unlink: () => void;
} {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return { stop, unlink: () => signal?.removeEventListener('abort', onAbort) };
}

/** A client that repeats nothing, adds no checksum headers that older gateways reject, and keeps its connections. */
function connect(options: S3Options, requestMs: number): S3Client {
  const agent = { keepAlive: true, maxSockets: options.maxConnections ?? MAX_CONNECTIONS };
  return new S3Client({
    endpoint: options.url,
    region: options.region ?? REGION,
    credentials: { accessKeyId: options.accessKey, secretAccessKey: options.secretKey },
    forcePathStyle: true,
    maxAttempts: 1,
    // Newer checksum headers and trailers are refused or ignored by gateways before Ceph 20.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With that header the client opens a new connection for every request.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketAcquisitionWarningTimeout: requestMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
