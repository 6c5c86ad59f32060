/** What the tests of the cache share: stores that count their loads, readers without protection, virtual time. */

import { realHost } from '../../src/app/host.ts';
import type { Host } from '../../src/runtime/host.ts';
import { Space } from '../../src/storage/cache/space.ts';
import {
  type Codec,
  SPACE_DEFAULTS,
  type SpaceOptions,
  type Surroundings,
} from '../../src/storage/cache/space-options.ts';
import type { Cache } from '../../src/storage/ports/cache.ts';
import type { VirtualHost } from '../../src/testkit/virtual-host.ts';

/** Time stands still, so that nothing expires however slow the machine is; what is deferred runs. */
export const stillHost: Host = { ...realHost, monotonicMs: () => 0, wallMs: () => 1_800_000_000_000 };

const utf8 = new TextEncoder();
const text = new TextDecoder();

export const textCodec: Codec<string> = {
  encode: (value) => utf8.encode(value),
  decode: (bytes) => text.decode(bytes),
};

export function textSpace(around: Surroundings, options: Partial<SpaceOptions<string>> = {}): Space<string> {
  return new Space({ ...SPACE_DEFAULTS, name: 'text', codec: textCodec, isKey: () => true, ...options }, around);
}

/** A cache as one would write it without further thought: look, load, fill. */
export async function naiveRead(
  cache: Cache,
  key: string,
  ttlMs: number,
  load: () => Promise<string>,
): Promise<string> {
  const hit = await cache.get(key);
  if (hit !== null) return text.decode(hit.value);
  const value = await load();
  await cache.fill(key, { value: utf8.encode(value), version: 0, ttlMs });
  return value;
}

/** A store that takes its time, in virtual time, and counts. */
export class SlowStore {
  loads = 0;
  running = 0;
  mostAtOnce = 0;
  readonly #host: VirtualHost;
  readonly #loadMs: number;

  constructor(host: VirtualHost, loadMs: number) {
    this.#host = host;
    this.#loadMs = loadMs;
  }

  /** Answers `value of KEY`. */
  readonly load = async (key: string): Promise<string> => {
    this.loads += 1;
    this.running += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.running);
    await new Promise<void>((resolve) => {
      this.#host.setTimer(this.#loadMs, resolve);
    });
    this.running -= 1;
    return `value of ${key}`;
  };
}

/** Lets virtual time pass until the promise is settled. */
export async function finished<T>(host: VirtualHost, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  for (let ms = 0; !settled; ms += 1) {
    if (ms > 1_000_000) throw new Error('a promise that virtual time does not settle');
    await host.settleWithPromises();
    if (!settled) host.advance(1);
  }
  return watched;
}
