/** Whether a proof was made by somebody who has the bytes: reads the same ranges and compares. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { StorageFault } from '../../storage/ports/faults.ts';
import { parseAddress } from '../../storage/ports/file-address.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { Range } from './ranges.ts';

export interface Claim {
  readonly address: string;
  readonly challenge: string;
  readonly nonce: Uint8Array;
  readonly ranges: readonly Range[];
  readonly proof: string;
}

export interface PossessionOptions {
  readonly objects: Pick<ObjectStore, 'get'>;
  readonly staging: Pick<Staging, 'reader'>;
  /** This node's id: only its own staging can be read. */
  readonly node: string;
}

/** SHA-256 of the challenge's id, the nonce and the ranges' bytes in order. */
export function proofOf(challenge: string, nonce: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(challenge, 'ascii').update(nonce);
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
}

export class PossessionChecker {
  readonly #options: PossessionOptions;

  constructor(options: PossessionOptions) {
    this.#options = options;
  }

  /** Bytes that cannot be read now, or here, prove nothing: then the client uploads. */
  async holds({ address, challenge, nonce, ranges, proof }: Claim): Promise<boolean> {
    const claimed = Buffer.from(proof, 'hex');
    let pieces: readonly Uint8Array[] | null;
    try {
      pieces = await this.#read(address, ranges);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      return false;
    }
    if (pieces === null) return false;
    const right = proofOf(challenge, nonce, pieces);
    return claimed.length === right.length && timingSafeEqual(claimed, right);
  }

  async #read(address: string, ranges: readonly Range[]): Promise<readonly Uint8Array[] | null> {
    const place = parseAddress(address);
    if (place.where === 'object') return await this.#readObject(place.key, ranges);
    return place.node === this.#options.node ? await this.#readStaged(place.id, ranges) : null;
  }

  async #readStaged(id: string, ranges: readonly Range[]): Promise<readonly Uint8Array[] | null> {
    const reader = await this.#options.staging.reader(id);
    try {
      const pieces: Uint8Array[] = [];
      for (const { offset, length } of ranges) {
        const piece = new Uint8Array(length);
        if ((await reader.read(piece, offset)) !== length) return null;
        pieces.push(piece);
      }
      return pieces;
    } finally {
      await reader.close();
    }
  }

  async #readObject(key: string, ranges: readonly Range[]): Promise<readonly Uint8Array[] | null> {
    const pieces = await Promise.all(
      ranges.map(async (range) => {
        const body = await this.#options.objects.get(key, range);
        return body === null ? null : new Uint8Array(await new Response(body.stream).arrayBuffer());
      }),
    );
    return pieces.every((piece, index) => piece?.length === ranges[index]?.length) ? (pieces as Uint8Array[]) : null;
  }
}
