/**
 * The cache in Redis, shared by all nodes.
 *
 * An entry lies under `PREFIX:cache:KEY` as u8 kind (1 value, 2 tombstone), u64 version, big endian, then the value's bytes; the
 * token of a lease under `PREFIX:loading:KEY`. Every key has a time to live.
 */
import type { Cache, CacheFill, CacheHit, CacheTombstone, CacheVersion, Taken } from '../ports/cache.ts';
import { StorageFault } from '../ports/faults.ts';
import type { RedisConnection } from './connection.ts';
import { SCRIPTS } from './scripts.ts';

const VALUE = 1;
const TOMBSTONE = 2;
const HEAD_BYTES = 9;

export class RedisCache implements Cache {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  /** Several caches may share a connection, whose owner closes it. `prefix` sets this one's keys apart. */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async get(key: string): Promise<CacheHit | null> {
    const bytes = await this.#connection.run('read the cache', (client) => client.getBuffer(this.#entry(key)));
    return decode(bytes);
  }

  async getMany(keys: readonly string[]): Promise<readonly (CacheHit | null)[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => this.#entry(key));
    const found = await this.#connection.run('read the cache', (client) => client.mgetBuffer(names));
    return found.map(decode);
  }

  async take(key: string, token: string, leaseMs: number): Promise<Taken> {
    const args = [token, String(leaseMs)];
    const answer = await this.#connection.script('take a lease', SCRIPTS.take, this.#both(key), args);
    if (answer === 1) return { state: 'leased' };
    const hit = Buffer.isBuffer(answer) ? decode(answer) : null;
    return hit === null ? { state: 'busy' } : { state: 'hit', hit };
  }

  async takeAnew(key: string, token: string, leaseMs: number): Promise<boolean> {
    const answer = await this.#connection.run('take a lease', (client) =>
      client.set(this.#lease(key), token, 'PX', leaseMs, 'NX'),
    );
    return answer === 'OK';
  }

  async release(key: string, token: string): Promise<void> {
    await this.#connection.script('end a lease', SCRIPTS.release, [this.#lease(key)], [token]);
  }

  async fill(key: string, { value, version, ttlMs, lease = '' }: CacheFill): Promise<boolean> {
    const args = [lease, String(version), String(ttlMs), encode(VALUE, version, value)];
    return (await this.#connection.script('fill the cache', SCRIPTS.fill, this.#both(key), args)) === 1;
  }

  async bury(key: string, { version, ttlMs }: CacheTombstone): Promise<void> {
    const args = [String(version), String(ttlMs), encode(TOMBSTONE, version, new Uint8Array(0))];
    await this.#connection.script('invalidate the cache', SCRIPTS.bury, this.#both(key), args);
  }

  close(): void {
    // The connection is not this one's to close.
  }

  #entry(key: string): string {
    return `${this.#prefix}:cache:${key}`;
  }

  #lease(key: string): string {
    return `${this.#prefix}:loading:${key}`;
  }

  #both(key: string): [entry: string, lease: string] {
    return [this.#entry(key), this.#lease(key)];
  }
}

function encode(kind: number, version: CacheVersion, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + value.length);
  bytes.writeUInt8(kind, 0);
  bytes.writeBigUInt64BE(BigInt(version), 1);
  bytes.set(value, HEAD_BYTES);
  return bytes;
}

/** Null for nothing and for a tombstone. Throws where the key holds something else. */
function decode(bytes: Buffer | null): CacheHit | null {
  if (bytes === null || bytes[0] === TOMBSTONE) return null;
  if (bytes.length < HEAD_BYTES || bytes[0] !== VALUE) throw new StorageFault('corrupt', 'not an entry of the cache');
  return { value: bytes.subarray(HEAD_BYTES), version: Number(bytes.readBigUInt64BE(1)) };
}
