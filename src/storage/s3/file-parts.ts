/** Parts of puts that are parts of files: their bytes go from the file to the connection without passing this program. */
import { StorageFault } from '../ports/faults.ts';
import type { Part } from './bucket.ts';
import { type RequestLimits, repeated } from './requests.ts';
import { type SignerOptions, signed } from './signing.ts';

/** Where a part is in its file, and what it is. */
export interface FilePart {
  readonly number: number;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

/** An answer of the back end that is no success, in the form of the client's errors. */
class Refusal extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(httpStatusCode: number, text: string) {
    super(/<Message>([^<]*)/.exec(text)?.[1] ?? 'no message');
    this.name = /<Code>([^<]*)/.exec(text)?.[1] ?? 'Unknown';
    this.$metadata = { httpStatusCode };
  }
}

export class FileParts {
  readonly #signer: SignerOptions;
  readonly #bucket: string;
  readonly #limits: RequestLimits;
  /** How far the back end's clock is ahead of ours, learnt when it refuses a signature for its time: milliseconds. */
  #aheadMs = 0;

  constructor(signer: SignerOptions, bucket: string, limits: RequestLimits) {
    this.#signer = signer;
    this.#bucket = bucket;
    this.#limits = limits;
  }

  async send(key: string, uploadId: string, part: FilePart, signal: AbortSignal): Promise<Part> {
    return await repeated(
      `store part ${part.number} of object ${key}`,
      this.#limits,
      (each) => this.#attempt(key, uploadId, part, each),
      signal,
    );
  }

  async #attempt(key: string, uploadId: string, part: FilePart, signal: AbortSignal): Promise<Part> {
    const query = { partNumber: String(part.number), uploadId };
    const what = { path: [this.#bucket, key], query, bodySha256: part.sha256 };
    const { url, headers } = signed(this.#signer, 'PUT', what, Date.now() + this.#aheadMs);
    const body = Bun.file(part.path).slice(part.offset, part.offset + part.length);
    const answer = await fetch(url, { method: 'PUT', headers, body, signal, redirect: 'manual' });
    const text = await answer.text();
    if (!answer.ok) {
      const refusal = new Refusal(answer.status, text);
      if (refusal.name === 'RequestTimeTooSkewed') this.#learnTime(answer);
      throw refusal;
    }
    const etag = answer.headers.get('etag');
    if (etag === null || etag === '') {
      throw new StorageFault('unavailable', `part ${part.number} of object ${key} has no ETag`);
    }
    return { number: part.number, etag };
  }

  #learnTime(answer: Response): void {
    const theirs = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(theirs)) this.#aheadMs = theirs - Date.now();
  }
}
