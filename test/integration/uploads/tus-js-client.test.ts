import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Upload, type UploadOptions, type UrlStorage } from 'tus-js-client';
import { tempDir } from '../../contract/temp-dir.ts';
import { freePort } from '../../support/free-port.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { sampleBytes, sha256, type Uploader, uploaderOn } from './uploader.ts';

let server: TestServer;
let ann: Uploader;

beforeAll(async () => {
  server = await startServer();
  ann = await uploaderOn(server, 'ann');
});
afterAll(() => server[Symbol.asyncDispose]());

const BYTES = sampleBytes(5_000_000, 14);

interface Done {
  readonly upload: Upload;
  /** As the last answer named it. */
  readonly file: string;
}

/** Uploads to the end; rejects with the client's error. */
function run(url: string, token: string, options: Partial<UploadOptions>): Promise<Done> {
  return new Promise((resolve, reject) => {
    let file = '';
    const upload = new Upload(BYTES as never, {
      endpoint: `${url}/v1/uploads`,
      headers: { authorization: `Bearer ${token}` },
      metadata: { filename: 'client.bin' },
      retryDelays: [0, 100, 500, 1_000],
      ...options,
      onAfterResponse: (_, response) => {
        file = response.getHeader('Mailroom-File') ?? file;
      },
      onError: reject,
      onSuccess: () => resolve({ upload, file }),
    });
    upload.start();
  });
}

test('[TUS22] tus-js-client uploads: in one request, in chunks, with the data in the creation, with a length said later', async () => {
  const variants: Partial<UploadOptions>[] = [
    {},
    { chunkSize: 700_001 },
    { uploadDataDuringCreation: true, chunkSize: 1_000_000 },
    { uploadDataDuringCreation: true },
    { overridePatchMethod: true },
    { protocol: 'ietf-draft-05' } as object,
  ];
  for (const options of variants) {
    const { file } = await run(server.url, ann.token, options);
    expect(sha256(await ann.content(file))).toBe(sha256(BYTES));
  }
});

test('[TUS23] tus-js-client uploads parts in parallel, which become one file', async () => {
  const { file } = await run(server.url, ann.token, { parallelUploads: 4, chunkSize: 500_000 });
  expect(sha256(await ann.content(file))).toBe(sha256(BYTES));
});

test('[TUS24] tus-js-client takes an upload up again after both sides have been restarted', async () => {
  using dir = tempDir();
  const port = await freePort();
  const source = join(dir.path, 'source.bin');
  writeFileSync(source, BYTES);
  const dataDir = join(dir.path, 'data');
  let url = '';
  {
    await using first = await startServer({ dataDir, port });
    const bob = await uploaderOn(first, 'bob');
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const upload = new Upload(createReadStream(source), {
      endpoint: `${first.url}/v1/uploads`,
      headers: { authorization: `Bearer ${bob.token}` },
      uploadSize: BYTES.length,
      chunkSize: 1_000_000,
      onError: reject,
      onChunkComplete: (_, accepted) => {
        if (accepted < 2_000_000 || upload.url === null) return;
        void upload.abort();
        resolve(upload.url);
      },
    });
    upload.start();
    url = await promise;
    await first.kill();
  }
  await using second = await startServer({ dataDir, port });
  const bob = await uploaderOn(second, 'bob');
  expect(await bob.offset(new URL(url).pathname)).toBeGreaterThanOrEqual(2_000_000);
  const sent: number[] = [];
  const { file } = await run(second.url, bob.token, {
    uploadUrl: url,
    onProgress: (bytes) => void sent.push(bytes),
  });
  expect(Math.min(...sent)).toBeGreaterThanOrEqual(2_000_000);
  expect(sha256(await bob.content(file))).toBe(sha256(BYTES));
});

test('[TUS25] tus-js-client finds an upload by its fingerprint in its own store after both sides have been restarted', async () => {
  using dir = tempDir();
  const port = await freePort();
  const source = join(dir.path, 'source.bin');
  writeFileSync(source, BYTES);
  const dataDir = join(dir.path, 'data');
  // Its types are those of browsers, where this class is missing.
  const { FileUrlStorage } = (await import('tus-js-client')) as unknown as {
    readonly FileUrlStorage: new (path: string) => UrlStorage;
  };
  const optionsOf = ({ token }: Uploader): UploadOptions => ({
    endpoint: `http://127.0.0.1:${port}/v1/uploads`,
    headers: { authorization: `Bearer ${token}` },
    uploadSize: BYTES.length,
    chunkSize: 1_000_000,
    urlStorage: new FileUrlStorage(join(dir.path, 'urls.json')),
  });
  {
    await using first = await startServer({ dataDir, port });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const upload = new Upload(createReadStream(source), {
      ...optionsOf(await uploaderOn(first, 'bob')),
      onError: reject,
      onChunkComplete: (_, accepted) => {
        if (accepted >= 2_000_000) void upload.abort().then(resolve, reject);
      },
    });
    upload.start();
    await promise;
    await first.kill();
  }
  await using second = await startServer({ dataDir, port });
  const bob = await uploaderOn(second, 'bob');
  const sent: number[] = [];
  let file = '';
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const again = new Upload(createReadStream(source), {
    ...optionsOf(bob),
    onProgress: (bytes) => void sent.push(bytes),
    onAfterResponse: (_, response) => {
      file = response.getHeader('Mailroom-File') ?? file;
    },
    onError: reject,
    onSuccess: () => resolve(),
  });
  const known = await again.findPreviousUploads();
  expect(known).toHaveLength(1);
  again.resumeFromPreviousUpload(known[0] as (typeof known)[number]);
  again.start();
  await promise;
  expect(Math.min(...sent)).toBeGreaterThanOrEqual(2_000_000);
  expect(sha256(await bob.content(file))).toBe(sha256(BYTES));
});
