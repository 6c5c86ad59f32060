/** One bucket as this driver uses it: each request that it makes, by name, with deadline and repetition. */

import type { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { StorageFault } from '../ports/faults.ts';
import { isSha256, type ObjectFacts, type ObjectPage, type ObjectQuery, type UnfinishedPut } from '../ports/objects.ts';
import { statusOf } from './faults.ts';
import { type RequestLimits, repeated } from './requests.ts';

/** User metadata that holds the checksum: no S3 of every age keeps the whole's SHA-256 by itself. */
const SHA256 = 'mailroom-sha256';

export interface Part {
  readonly number: number;
  readonly etag: string;
}

/** The beginning of an answer to a read. */
export interface OpenedRange {
  readonly facts: ObjectFacts;
  /** Names this content among all that the key may ever hold. */
  readonly etag: string;
  /** The bytes asked for. Destroyed, it lets its connection go. */
  readonly body: Readable;
}

export class Bucket {
  readonly limits: RequestLimits;
  readonly #client: S3Client;
  readonly #name: string;

  constructor(client: S3Client, name: string, limits: RequestLimits) {
    this.#client = client;
    this.#name = name;
    this.limits = limits;
  }

  async ping(): Promise<void> {
    await this.#ask(`use the bucket ${this.#name}`, (abortSignal) =>
      this.#client.send(new HeadBucketCommand({ Bucket: this.#name }), { abortSignal }),
    );
  }

  async head(key: string, signal?: AbortSignal): Promise<ObjectFacts | null> {
    return await this.#ask(
      `look at object ${key}`,
      async (abortSignal) => {
        try {
          const answer = await this.#client.send(new HeadObjectCommand(this.#at(key)), { abortSignal });
          return factsOf(key, answer.ContentLength, answer.Metadata);
        } catch (error) {
          if (statusOf(error) === 404) return null;
          throw error;
        }
      },
      signal,
    );
  }

  async delete(key: string): Promise<void> {
    await this.#ask(`delete object ${key}`, (abortSignal) =>
      this.#client.send(new DeleteObjectCommand(this.#at(key)), { abortSignal }),
    );
  }

  /** Stores a small object at once; false if the key is taken. The signature covers the bytes' SHA-256. */
  async putWhole(key: string, bytes: Uint8Array, facts: ObjectFacts, signal?: AbortSignal): Promise<boolean> {
    const input = { ...this.#at(key), Body: bytes, Metadata: { [SHA256]: facts.sha256 }, IfNoneMatch: '*' };
    return await this.#ask(
      `store object ${key}`,
      async (abortSignal) => {
        try {
          const answer = await this.#client.send(new PutObjectCommand(input), { abortSignal });
          required(answer.ETag, `the answer to object ${key} has no ETag`);
          return true;
        } catch (error) {
          if (statusOf(error) === 412) return false;
          throw error;
        }
      },
      signal,
    );
  }

  /** Begins a put in parts. An answer that is lost leaves one behind that nobody knows, until it is cleaned up by age. */
  async beginParts(key: string, facts: ObjectFacts, signal?: AbortSignal): Promise<string> {
    const input = { ...this.#at(key), Metadata: { [SHA256]: facts.sha256 } };
    return await this.#ask(
      `begin object ${key}`,
      async (abortSignal) => {
        const answer = await this.#client.send(new CreateMultipartUploadCommand(input), { abortSignal });
        return required(answer.UploadId, `the beginning of object ${key} has no id`);
      },
      signal,
    );
  }

  /** Sends one part. The signature covers its SHA-256, so that the back end refuses bytes damaged on their way. */
  async putPart(key: string, uploadId: string, number: number, bytes: Uint8Array, signal?: AbortSignal): Promise<Part> {
    const input = { ...this.#at(key), UploadId: uploadId, PartNumber: number, Body: bytes };
    return await this.#ask(
      `store part ${number} of object ${key}`,
      async (abortSignal) => {
        const answer = await this.#client.send(new UploadPartCommand(input), { abortSignal });
        return { number, etag: required(answer.ETag, `part ${number} of object ${key} has no ETag`) };
      },
      signal,
    );
  }

  async completeParts(key: string, uploadId: string, parts: readonly Part[], signal?: AbortSignal): Promise<void> {
    const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
    const input = { ...this.#at(key), UploadId: uploadId, MultipartUpload: { Parts } };
    await this.#ask(
      `complete object ${key}`,
      (abortSignal) => this.#client.send(new CompleteMultipartUploadCommand(input), { abortSignal }),
      signal,
    );
  }

  async abortParts(key: string, uploadId: string): Promise<void> {
    await this.#ask(`abandon object ${key}`, async (abortSignal) => {
      try {
        await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: uploadId }), {
          abortSignal,
        });
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
      }
    });
  }

  async list({ prefix, cursor, limit }: ObjectQuery): Promise<ObjectPage> {
    const input = {
      Bucket: this.#name,
      Prefix: prefix,
      MaxKeys: limit,
      ...(cursor === undefined ? {} : { StartAfter: cursor }),
    };
    return await this.#ask('list objects', async (abortSignal) => {
      const answer = await this.#client.send(new ListObjectsV2Command(input), { abortSignal });
      const objects = (answer.Contents ?? []).map(({ Key, Size, LastModified }) => ({
        key: required(Key, 'a listed object has no key'),
        size: Size ?? 0,
        storedAt: LastModified?.getTime() ?? 0,
      }));
      return { objects, cursor: answer.IsTruncated ? (objects.at(-1)?.key ?? null) : null };
    });
  }

  /** One page of puts in parts; `after` is the last one of the page before. */
  async listParts(after: UnfinishedPut | null, limit: number): Promise<{ puts: UnfinishedPut[]; isLast: boolean }> {
    const input = {
      Bucket: this.#name,
      MaxUploads: limit,
      ...(after === null ? {} : { KeyMarker: after.key, UploadIdMarker: after.id }),
    };
    return await this.#ask('list unfinished objects', async (abortSignal) => {
      const answer = await this.#client.send(new ListMultipartUploadsCommand(input), { abortSignal });
      const puts = (answer.Uploads ?? []).map(({ Key, UploadId, Initiated }) => ({
        key: required(Key, 'an unfinished object has no key'),
        id: required(UploadId, 'an unfinished object has no id'),
        startedAt: Initiated?.getTime() ?? 0,
      }));
      return { puts, isLast: !answer.IsTruncated };
    });
  }

  /** One attempt to read `range` (as in the header); null if there is no such object, `empty` if nothing lies there. */
  async open(
    key: string,
    range: string | null,
    etag: string | null,
    abortSignal: AbortSignal,
  ): Promise<OpenedRange | 'empty' | null> {
    const input = {
      ...this.#at(key),
      ...(range === null ? {} : { Range: range }),
      ...(etag === null ? {} : { IfMatch: etag }),
    };
    try {
      const answer = await this.#client.send(new GetObjectCommand(input), { abortSignal });
      const size = wholeSize(answer.ContentRange) ?? answer.ContentLength;
      return {
        facts: factsOf(key, size, answer.Metadata),
        etag: required(answer.ETag, `object ${key} has no ETag`),
        // What the client gives outside of browsers.
        body: answer.Body as Readable,
      };
    } catch (error) {
      if (statusOf(error) === 416) return 'empty';
      // With the wrong ETag the object is not the one that is meant any more.
      if ((error as Error).name === 'NoSuchKey' || statusOf(error) === 412) return null;
      throw error;
    }
  }

  async #ask<T>(doing: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return await repeated(doing, this.limits, work, signal);
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#name, Key: key };
  }
}

/** The size at the end of `bytes 0-4/1000`. */
function wholeSize(contentRange: string | undefined): number | null {
  const [, size] = /\/(\d+)$/.exec(contentRange ?? '') ?? [];
  return size === undefined ? null : Number(size);
}

function factsOf(
  key: string,
  size: number | undefined,
  metadata: Readonly<Record<string, string>> | undefined,
): ObjectFacts {
  const sha256 = metadata?.[SHA256] ?? '';
  if (size === undefined || !isSha256(sha256)) {
    throw new StorageFault('corrupt', `object ${key} has no size or no checksum of ours`);
  }
  return { size, sha256 };
}

/** An answer without what every S3 gives comes from something else in between, and says nothing of what was done. */
function required(value: string | undefined, otherwise: string): string {
  if (value === undefined || value === '') throw new StorageFault('unavailable', otherwise);
  return value;
}
