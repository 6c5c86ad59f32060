/** A person who uploads by plain requests, so that tests see every header. */
import { createHash } from 'node:crypto';
import type { TestServer } from '../../support/server.ts';

export const OFFSET_STREAM = 'application/offset+octet-stream';

export interface Uploader {
  readonly token: string;
  /** Any request of the API, with the token. */
  send(method: string, path: string, headers?: Record<string, string>, body?: Sendable): Promise<Response>;
  /** The same with `Tus-Resumable`. */
  tus(method: string, path: string, headers?: Record<string, string>, body?: Sendable): Promise<Response>;
  /** Creates an upload and returns its path. */
  create(length: number, headers?: Record<string, string>): Promise<string>;
  patch(path: string, offset: number, body: Sendable, headers?: Record<string, string>): Promise<Response>;
  offset(path: string): Promise<number>;
  /** The bytes of a file. */
  content(file: string): Promise<Buffer>;
}

type Sendable = Uint8Array | string | Blob | ReadableStream<Uint8Array>;

const PASSWORD = 'correct horse battery';

export async function uploaderOn(server: Pick<TestServer, 'url'>, username: string): Promise<Uploader> {
  const json = async (path: string): Promise<Response> =>
    await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: PASSWORD }),
    });
  await json('/v1/register');
  const { token } = (await (await json('/v1/login')).json()) as { token: string };
  const send: Uploader['send'] = async (method, path, headers = {}, body) =>
    await fetch(new URL(path, server.url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: body as never }),
    });
  const tus: Uploader['tus'] = async (method, path, headers, body) =>
    await send(method, path, { 'Tus-Resumable': '1.0.0', ...headers }, body);
  return {
    token,
    send,
    tus,
    async create(length, headers) {
      const response = await tus('POST', '/v1/uploads', { 'Upload-Length': String(length), ...headers });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`no upload: ${response.status} ${await response.text()}`);
      return location;
    },
    patch: async (path, offset, body, headers) =>
      await tus('PATCH', path, { 'Content-Type': OFFSET_STREAM, 'Upload-Offset': String(offset), ...headers }, body),
    async offset(path) {
      return Number((await tus('HEAD', path)).headers.get('upload-offset'));
    },
    async content(file) {
      return Buffer.from(await (await send('GET', `/v1/files/${file}/content`)).arrayBuffer());
    },
  };
}

/** The same bytes each time for the same seed, which no compression makes smaller. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
