/** What every cache does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Cache, type CacheHit, NEWEST } from '../../src/storage/ports/cache.ts';

/** One empty cache, and a clock of its own. */
export interface CacheDriver extends AsyncDisposable {
  readonly cache: Cache;
  /** Returns when so much time has passed for the cache. */
  elapse(ms: number): Promise<void>;
}

const LONG_MS = 600_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const value = (text: string, version = 0) => ({ value: bytes(text), version, ttlMs: LONG_MS });
const textOf = (hit: CacheHit | null): string | null => (hit === null ? null : new TextDecoder().decode(hit.value));

export function cacheContract(name: string, makeDriver: () => CacheDriver | Promise<CacheDriver>): void {
  describe(`cache: ${name}`, () => {
    valueRules(makeDriver);
    versionRules(makeDriver);
    leaseRules(makeDriver);

    test('[CACHE1] any sequence of operations agrees with the reference model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
          await using driver = await makeDriver();
          const model = new Model();
          for (const [what, apply] of operations) {
            expect([what, plain(await apply(driver.cache))]).toEqual([what, plain(await apply(model))]);
            expect(plain(await driver.cache.getMany(KEYS))).toEqual(plain(model.getMany(KEYS)));
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

function valueRules(open: () => CacheDriver | Promise<CacheDriver>): void {
  test('[CACHE2] a value comes back byte for byte with its version, and nothing under another key', async () => {
    await using driver = await open();
    const all = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    expect(await driver.cache.fill('key', { value: all, version: 7, ttlMs: LONG_MS })).toBe(true);
    const hit = await driver.cache.get('key');
    expect(hit?.version).toBe(7);
    expect(Buffer.compare(hit?.value as Uint8Array, all)).toBe(0);
    for (const other of ['Key', 'key ', 'ke', 'kéy']) expect(await driver.cache.get(other)).toBeNull();
    await driver.cache.fill('empty', value(''));
    expect(textOf(await driver.cache.get('empty'))).toBe('');
  });

  test('[CACHE2] a value is a copy: what is done to the bytes that were given does not change it', async () => {
    await using driver = await open();
    const given = bytes('value');
    await driver.cache.fill('key', { value: given, version: 0, ttlMs: LONG_MS });
    given.fill(0);
    expect(textOf(await driver.cache.get('key'))).toBe('value');
  });

  test('[CACHE2] several keys are answered in their order, absent ones with null', async () => {
    await using driver = await open();
    await driver.cache.fill('a', value('A'));
    await driver.cache.fill('b', value('B'));
    const found = await driver.cache.getMany(['b', 'none', 'a', 'b']);
    expect(found.map(textOf)).toEqual(['B', null, 'A', 'B']);
    expect(await driver.cache.getMany([])).toEqual([]);
  });

  test('[CACHE3] values, tombstones and leases end with their time', async () => {
    await using driver = await open();
    await driver.cache.fill('value', { ...value('value'), ttlMs: 50 });
    await driver.cache.bury('buried', { version: 5, ttlMs: 50 });
    await driver.cache.take('leased', 'holder', 50);
    await driver.elapse(60);
    expect(await driver.cache.get('value')).toBeNull();
    expect(await driver.cache.fill('buried', value('again', 1))).toBe(true);
    expect(await driver.cache.fill('leased', { ...value('late'), lease: 'holder' })).toBe(false);
    expect(await driver.cache.take('leased', 'next', 50)).toEqual({ state: 'leased' });
  });
}

function versionRules(open: () => CacheDriver | Promise<CacheDriver>): void {
  test('[CACHE4] a fill never replaces a newer version; an equal or older one it does', async () => {
    await using driver = await open();
    expect(await driver.cache.fill('key', value('two', 2))).toBe(true);
    expect(await driver.cache.fill('key', value('one', 1))).toBe(false);
    expect(textOf(await driver.cache.get('key'))).toBe('two');
    expect(await driver.cache.fill('key', value('two again', 2))).toBe(true);
    expect(await driver.cache.fill('key', value('three', NEWEST - 1))).toBe(true);
    expect(await driver.cache.fill('key', value('two', 2 ** 40))).toBe(false);
    expect(textOf(await driver.cache.get('key'))).toBe('three');
  });

  test('[CACHE4] a fill never replaces a tombstone of a higher version', async () => {
    await using driver = await open();
    await driver.cache.fill('key', value('old', 3));
    await driver.cache.bury('key', { version: 4, ttlMs: LONG_MS });
    expect(await driver.cache.get('key')).toBeNull();
    expect(await driver.cache.fill('key', value('old', 3))).toBe(false);
    expect(await driver.cache.get('key')).toBeNull();
    expect(await driver.cache.fill('key', value('new', 4))).toBe(true);
    expect(textOf(await driver.cache.get('key'))).toBe('new');
    await driver.cache.bury('key', { version: NEWEST, ttlMs: LONG_MS });
    expect(await driver.cache.fill('key', value('newer', 2 ** 50))).toBe(false);
  });

  test('[CACHE4] a tombstone leaves a value that is new enough, and is never made weaker by another', async () => {
    await using driver = await open();
    await driver.cache.fill('key', value('four', 4));
    await driver.cache.bury('key', { version: 4, ttlMs: LONG_MS });
    expect(textOf(await driver.cache.get('key'))).toBe('four');
    await driver.cache.bury('other', { version: 9, ttlMs: 50 });
    await driver.cache.bury('other', { version: 5, ttlMs: LONG_MS });
    await driver.elapse(60);
    expect(await driver.cache.fill('other', value('six', 6))).toBe(false);
    expect(await driver.cache.fill('other', value('nine', 9))).toBe(true);
  });
}

function leaseRules(open: () => CacheDriver | Promise<CacheDriver>): void {
  test('[CACHE5] of all who want to load a key one has the lease, until the value is there', async () => {
    await using driver = await open();
    const asks = Array.from({ length: 50 }, (_, index) => driver.cache.take('key', `token ${index}`, LONG_MS));
    const states = (await Promise.all(asks)).map(({ state }) => state);
    expect(states.filter((state) => state === 'leased')).toHaveLength(1);
    expect(states.filter((state) => state === 'busy')).toHaveLength(49);
    const holder = `token ${states.indexOf('leased')}`;
    expect(await driver.cache.fill('key', { ...value('loaded'), lease: holder })).toBe(true);
    const taken = await driver.cache.take('key', 'later', LONG_MS);
    expect(taken.state === 'hit' && textOf(taken.hit)).toBe('loaded');
  });

  test('[CACHE5] to replace a value in good time takes the same lease', async () => {
    await using driver = await open();
    await driver.cache.fill('key', value('old'));
    expect(await driver.cache.takeAnew('key', 'one', LONG_MS)).toBe(true);
    expect(await driver.cache.takeAnew('key', 'two', LONG_MS)).toBe(false);
    expect(textOf(await driver.cache.get('key'))).toBe('old');
    expect(await driver.cache.fill('key', { ...value('new'), lease: 'one' })).toBe(true);
    expect(textOf(await driver.cache.get('key'))).toBe('new');
  });

  test('[CACHE5] a lease is given back by its holder alone', async () => {
    await using driver = await open();
    await driver.cache.take('key', 'holder', LONG_MS);
    await driver.cache.release('key', 'another');
    expect(await driver.cache.take('key', 'third', LONG_MS)).toEqual({ state: 'busy' });
    await driver.cache.release('key', 'holder');
    expect(await driver.cache.take('key', 'third', LONG_MS)).toEqual({ state: 'leased' });
  });

  test('[CACHE6] a write ends the lease: what was read before it is refused, also after the tombstone is gone', async () => {
    await using driver = await open();
    await driver.cache.take('key', 'reader', LONG_MS);
    await driver.cache.bury('key', { version: NEWEST, ttlMs: 50 });
    expect(await driver.cache.fill('key', { ...value('stale'), lease: 'reader' })).toBe(false);
    await driver.elapse(60);
    expect(await driver.cache.fill('key', { ...value('stale'), lease: 'reader' })).toBe(false);
    expect(await driver.cache.get('key')).toBeNull();
    // The failure it prevents: without a lease the late reader puts back what the write had ended.
    expect(await driver.cache.fill('key', value('stale'))).toBe(true);
  });
}

// ── the model ────────────────────────────────────────────────────────────────────────────────────────────────────────

const KEYS = ['a', 'b', 'B'];
const keyName = fc.constantFrom(...KEYS);
const token = fc.constantFrom('t1', 't2');
const version = fc.constantFrom(0, 1, 2, 3, NEWEST);

type Operation = readonly [what: string, apply: (cache: Cache) => unknown];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc
    .tuple(keyName, token)
    .map(([key, who]): Operation => [`take ${key} ${who}`, (cache) => cache.take(key, who, LONG_MS)]),
  fc
    .tuple(keyName, token)
    .map(([key, who]): Operation => [`take ${key} ${who} anew`, (cache) => cache.takeAnew(key, who, LONG_MS)]),
  fc
    .tuple(keyName, token)
    .map(([key, who]): Operation => [`release ${key} ${who}`, (cache) => cache.release(key, who)]),
  fc
    .tuple(keyName, version)
    .map(([key, v]): Operation => [`bury ${key} ${v}`, (cache) => cache.bury(key, { version: v, ttlMs: LONG_MS })]),
  fc
    .tuple(keyName, version, fc.option(token), fc.string({ maxLength: 3 }))
    .map(
      ([key, v, who, text]): Operation => [
        `fill ${key} ${v} ${who}`,
        (cache) => cache.fill(key, { ...value(text, v), ...(who === null ? {} : { lease: who }) }),
      ],
    ),
);

/** Bytes as lists of numbers, whatever class the driver has them in. */
function plain(answer: unknown): unknown {
  if (answer instanceof Uint8Array || Array.isArray(answer)) return [...answer].map(plain);
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).map(([name, field]) => [name, plain(field)]));
}

/** What the port says, in the plainest form; nothing ever expires. */
class Model implements Cache {
  readonly #entries = new Map<string, { value: Uint8Array | null; version: number }>();
  readonly #leases = new Map<string, string>();

  get(key: string): CacheHit | null {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.value === null ? null : { value: entry.value, version: entry.version };
  }

  getMany(keys: readonly string[]): (CacheHit | null)[] {
    return keys.map((key) => this.get(key));
  }

  take(key: string, who: string) {
    const hit = this.get(key);
    if (hit !== null) return { state: 'hit', hit } as const;
    return { state: this.takeAnew(key, who) ? 'leased' : 'busy' } as const;
  }

  takeAnew(key: string, who: string): boolean {
    if (this.#leases.has(key)) return false;
    this.#leases.set(key, who);
    return true;
  }

  release(key: string, who: string): void {
    if (this.#leases.get(key) === who) this.#leases.delete(key);
  }

  fill(key: string, { value: filled, version: filledVersion, lease }: Parameters<Cache['fill']>[1]): boolean {
    if (lease !== undefined && this.#leases.get(key) !== lease) return false;
    if (lease !== undefined) this.#leases.delete(key);
    if ((this.#entries.get(key)?.version ?? 0) > filledVersion) return false;
    this.#entries.set(key, { value: filled, version: filledVersion });
    return true;
  }

  bury(key: string, { version: buried }: { readonly version: number }): void {
    this.#leases.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.version >= buried) return;
    this.#entries.set(key, { value: null, version: buried });
  }

  close(): void {}
}
