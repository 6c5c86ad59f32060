/** The real object store as tests use it: keys of their own, small parts, and nothing left behind. */
import { S3Objects, type S3Options } from '../../src/storage/s3/s3-objects.ts';
import type { BackEndVariables } from '../support/back-ends.ts';

/** The smallest part that S3 takes. */
export const PART_BYTES = 5 * 1024 * 1024;

export function s3OptionsOf(variables: BackEndVariables): S3Options & { readonly partBytes: number } {
  return {
    url: variables.MAILROOM_S3_URL ?? '',
    bucket: variables.MAILROOM_S3_BUCKET ?? '',
    accessKey: variables.MAILROOM_S3_ACCESS_KEY ?? '',
    secretKey: variables.MAILROOM_S3_SECRET_KEY ?? '',
    partBytes: PART_BYTES,
  };
}

export function uniquePrefix(): string {
  return `test-objects/${crypto.randomUUID()}/`;
}

/** Deletes everything below a prefix, and ends what is unfinished there. */
export async function emptied(options: S3Options, prefix: string): Promise<void> {
  const store = new S3Objects(options);
  for (const put of await store.unfinished(Number.MAX_SAFE_INTEGER, 1_000)) {
    if (put.key.startsWith(prefix)) await store.abandon(put);
  }
  const { objects } = await store.list({ prefix, limit: 1_000 });
  for (const { key } of objects) await store.delete(key);
  await store.close();
}
