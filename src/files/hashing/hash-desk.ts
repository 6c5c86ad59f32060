/**
 * Whose bytes are hashed when: a bounded number of uploads has its hashes follow its bytes, a few passes run at once, and
 * whoever waits for an answer comes before those who do not wait yet.
 */
import type { Hashing, HashWish, LentPart, WholeHashed } from '../../storage/ports/hashing.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { WantedHash } from '../../storage/ports/upload-journal.ts';
import { ContentHasher } from './content-hasher.ts';
import { combineCrc32 } from './crc-combine.ts';
import { Frontier } from './frontier.ts';
import { Turns } from './turns.ts';

export interface HashDeskOptions {
  readonly staging: Pick<Staging, 'reader' | 'writer'>;
  /** Uploads whose hashes follow their bytes; others are hashed when they are whole. */
  readonly maxFollowed: number;
  /** Passes over files at once: while one hashes, another one's bytes are read. */
  readonly maxPasses: number;
  /** Lets the thread do something else. */
  readonly pause: () => Promise<void>;
  /** Bytes that could not be read ahead of time; whoever asks for the whole will hear of it. */
  readonly onFault: (id: string, error: unknown) => void;
}

interface Followed {
  readonly frontier: Promise<Frontier>;
  /** How far the bytes have come. */
  target: number;
  /** Undefined while nothing is done. */
  pass: Promise<void> | undefined;
  /** Whether the pass has had its turn. */
  isRunning: boolean;
}

/** Less than this is not worth a pass of its own before the whole is there. */
const MIN_ADVANCE_BYTES = 4 * 1024 * 1024;

export class HashDesk implements Hashing {
  readonly #options: HashDeskOptions;
  readonly #turns: Turns;
  readonly #followed = new Map<string, Followed>();

  constructor(options: HashDeskOptions) {
    this.#options = options;
    this.#turns = new Turns(options.maxPasses);
  }

  advance({ id, offset, hashes }: { id: string; offset: number; hashes: readonly WantedHash[] }): void {
    const known = this.#followed.get(id);
    if (known === undefined) {
      if (offset < MIN_ADVANCE_BYTES || this.#followed.size >= this.#options.maxFollowed) return;
      const followed = { frontier: newFrontier(hashes), target: offset, pass: undefined, isRunning: false };
      this.#followed.set(id, followed);
      return this.#follow(id, followed);
    }
    known.target = Math.max(known.target, offset);
    if (known.pass === undefined) this.#follow(id, known);
  }

  async hashWhole({ id, size, hashes, parts }: HashWish): Promise<WholeHashed> {
    if (parts !== null) return await this.#turns.take('now', () => this.#join(id, hashes, parts));
    const followed = this.#followed.get(id);
    this.#followed.delete(id);
    if (followed?.isRunning) await followed.pass;
    return await this.#turns.take('now', async () => {
      const frontier = await (followed?.frontier ?? newFrontier(hashes));
      await this.#pass(id, frontier, size);
      return { ...(await frontier.digest()), partsCrc32: null };
    });
  }

  forget(id: string): void {
    this.#followed.delete(id);
  }

  #follow(id: string, followed: Followed): void {
    followed.pass = this.#turns
      .take('later', async () => {
        if (this.#followed.get(id) !== followed) return;
        followed.isRunning = true;
        await this.#pass(id, await followed.frontier, followed.target);
      })
      .then(
        () => undefined,
        (error: unknown) => {
          // Whatever it got to is not to be trusted.
          this.#followed.delete(id);
          this.#options.onFault(id, error);
        },
      )
      .then(async () => {
        followed.pass = undefined;
        followed.isRunning = false;
        if (this.#followed.get(id) === followed && (await followed.frontier).offset < followed.target) {
          this.#follow(id, followed);
        }
      });
  }

  async #pass(id: string, frontier: Frontier, end: number): Promise<void> {
    const reader = await this.#options.staging.reader(id);
    try {
      await frontier.pass(reader, frontier.offset, end, this.#options.pause);
    } finally {
      await reader.close();
    }
  }

  async #join(id: string, hashes: readonly WantedHash[], parts: readonly LentPart[]): Promise<WholeHashed> {
    const { staging, pause } = this.#options;
    const frontier = await newFrontier(hashes);
    const writer = await staging.writer(id);
    try {
      for (const part of parts) {
        const reader = await staging.reader(part.id);
        try {
          await frontier.pass(reader, 0, part.size, pause, (bytes, offset) => writer.write([bytes], offset));
        } finally {
          await reader.close();
        }
      }
      await writer.sync();
    } finally {
      await writer.close();
    }
    const partsCrc32 = parts.reduce((crc, part) => combineCrc32(crc, part.crc32, part.size), 0);
    return { ...(await frontier.digest()), partsCrc32 };
  }
}

async function newFrontier(hashes: readonly WantedHash[]): Promise<Frontier> {
  return new Frontier(await ContentHasher.create(hashes));
}
