/** A web server whose content tests hold back, change and cut: what downloads meet. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** What lies at one path. */
export interface WebContent {
  bytes: Uint8Array;
  etag: string;
  /** Not sent before it grows: bytes. */
  released: number;
  /** Says no length. */
  readonly chunked?: boolean;
  readonly name?: string;
}

export class WebServer implements AsyncDisposable {
  readonly port: number;
  readonly asked: Asked[] = [];
  readonly #server: ReturnType<typeof createServer>;
  readonly #contents = new Map<string, WebContent>();
  readonly #answers = new Map<string, (response: ServerResponse) => void>();
  readonly #blocked = new Set<() => void>();

  private constructor(server: ReturnType<typeof createServer>, port: number) {
    this.#server = server;
    this.port = port;
    server.on('request', (request, response) => this.#answer(request, response));
  }

  static async start(): Promise<WebServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new WebServer(server, (server.address() as AddressInfo).port);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Content is released from the start unless it says otherwise. */
  put(path: string, bytes: Uint8Array, fields: Partial<WebContent> = {}): WebContent {
    const content = { bytes, etag: '"one"', released: Number.POSITIVE_INFINITY, ...fields };
    this.#contents.set(path, content);
    return content;
  }

  /** Any other answer. */
  on(path: string, answer: (response: ServerResponse) => void): void {
    this.#answers.set(path, answer);
  }

  release(content: WebContent, upTo = Number.POSITIVE_INFINITY): void {
    content.released = upTo;
    for (const again of [...this.#blocked]) again();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const { range, 'if-range': ifRange } = request.headers;
    this.asked.push({ path, range, ifRange: ifRange as string | undefined });
    const other = this.#answers.get(path);
    if (other !== undefined) return other(response);
    const content = this.#contents.get(path);
    if (content === undefined) return void response.writeHead(404).end('secret of the inner network');
    const { bytes, etag, chunked, name } = content;
    const wanted = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const from = ifRange === etag ? wanted : 0;
    const partly = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, {
      etag,
      ...(chunked === true ? {} : { 'content-length': bytes.length - from }),
      ...(name === undefined ? {} : { 'content-disposition': `attachment; filename="${name}"` }),
      ...partly,
    });
    response.flushHeaders();
    this.#pour(content, bytes, from, response);
  }

  /** Those who are being answered keep the bytes that they began with. */
  #pour(content: WebContent, bytes: Uint8Array, from: number, response: ServerResponse): void {
    let sent = from;
    const more = (): void => {
      const end = Math.min(bytes.length, content.released);
      if (end > sent) response.write(bytes.subarray(sent, end));
      sent = Math.max(sent, end);
      if (sent < bytes.length) return;
      this.#blocked.delete(more);
      response.end();
    };
    this.#blocked.add(more);
    response.once('close', () => this.#blocked.delete(more));
    more();
  }
}
