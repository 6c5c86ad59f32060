/** All hashes of one content, in one pass over its bytes. */
import { crc32 } from 'node:zlib';
import { createCRC64, type IHasher } from 'hash-wasm';
import type { WantedHash } from '../../storage/ports/upload-journal.ts';

export interface ContentHashes {
  /** Lower-case hex. */
  readonly sha256: string;
  readonly crc32: number;
  /** Those that were asked for, in lower-case hex. */
  readonly others: Readonly<Partial<Record<WantedHash, string>>>;
}

interface Running {
  update(bytes: Uint8Array): void;
  hex(): string;
}

/** SHA-256 and CRC32 always: the one names the content, the other is what was counted while the bytes came in. */
export class ContentHasher {
  readonly #sha256 = new Bun.CryptoHasher('sha256');
  readonly #others: ReadonlyMap<WantedHash, Running>;
  #crc32 = 0;

  private constructor(others: ReadonlyMap<WantedHash, Running>) {
    this.#others = others;
  }

  static async create(wanted: readonly WantedHash[]): Promise<ContentHasher> {
    const others = new Map<WantedHash, Running>();
    for (const name of wanted) if (name !== 'crc32') others.set(name, await runningHash(name));
    const hasher = new ContentHasher(others);
    if (wanted.includes('crc32')) others.set('crc32', { update: () => undefined, hex: () => hasher.#crc32Hex() });
    return hasher;
  }

  update(bytes: Uint8Array): void {
    this.#sha256.update(bytes);
    this.#crc32 = crc32(bytes, this.#crc32);
    for (const other of this.#others.values()) other.update(bytes);
  }

  digest(): ContentHashes {
    const others = Object.fromEntries([...this.#others].map(([name, running]) => [name, running.hex()]));
    return { sha256: this.#sha256.digest('hex'), crc32: this.#crc32, others };
  }

  #crc32Hex(): string {
    return this.#crc32.toString(16).padStart(8, '0');
  }
}

async function runningHash(name: Exclude<WantedHash, 'crc32'>): Promise<Running> {
  if (name === 'crc64') return onWasm(await createCRC64());
  const hasher = new Bun.CryptoHasher(name);
  return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest('hex') };
}

function onWasm(hasher: IHasher): Running {
  hasher.init();
  return { update: (bytes) => void hasher.update(bytes), hex: () => hasher.digest('hex') };
}
