/** A proxy before a real S3 that holds, damages, cuts and loses what a test says. Requests keep their signature. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/wait.ts';

type Bound = { readonly stallAfter: number } | { readonly cutAfter: number };

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** In the order of their coming, from 0. */
  readonly number: number;
}

/**
 * - `pass`: unchanged. - `damage`: one byte of the request's body is turned over. - `silence`: it is not passed on and
 *   never answered. - `busy`: it is not passed on and answered with 503. - `lose`: it is passed on, and instead of the
 *   answer the connection ends. - `stallAfter`, `cutAfter`: so many bytes of the answer's body come, and then nothing, or
 *   the end of the connection. - a promise: it waits for that first.
 */
export type Treatment = 'pass' | 'damage' | 'silence' | 'busy' | 'lose' | Bound | Promise<void>;

export class S3Proxy implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  /** Requests whose answer has been passed on whole. */
  readonly answered: SeenRequest[] = [];
  /** Bytes of answers that were handed to connections. */
  sentBytes = 0;
  readonly #target: URL;
  readonly #treat: (request: SeenRequest) => Treatment;
  readonly #server: Server;

  constructor(target: string, treat: (request: SeenRequest) => Treatment) {
    this.#target = new URL(target);
    this.#treat = treat;
    this.#server = createServer((incoming, outgoing) => {
      this.#serve(incoming, outgoing).catch(() => incoming.socket.destroy());
    });
  }

  async listen(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    return `http://127.0.0.1:${this.port}`;
  }

  /** Once it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when so many requests have come that `isMeant`. */
  async came(what: string, count: number, isMeant: (request: SeenRequest) => boolean): Promise<void> {
    await eventually(
      `${count} ${what}`,
      () => this.seen.filter(isMeant).length,
      (found) => found >= count,
      20_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const seen = { method: incoming.method ?? '', url: incoming.url ?? '', number: this.seen.length };
    this.seen.push(seen);
    const treatment = this.#treat(seen);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (treatment === 'silence') return;
    if (treatment === 'busy') {
      outgoing.writeHead(503).end();
      return;
    }
    if (treatment === 'damage') body[body.length >> 1]! ^= 1;
    if (treatment instanceof Promise) await treatment;
    const answer = await this.#forward(incoming, body);
    if (treatment === 'lose') {
      answer.resume();
      // Not the response: destroyed that late, it still sends a head.
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    if (await this.#passOn(answer, outgoing, treatment)) this.answered.push(seen);
  }

  /** False if the answer was not passed on whole. */
  async #passOn(answer: IncomingMessage, outgoing: ServerResponse, treatment: Treatment): Promise<boolean> {
    const isBounded = typeof treatment === 'object' && !(treatment instanceof Promise);
    const isCut = isBounded && 'cutAfter' in treatment;
    let left = isBounded ? boundOf(treatment) : Number.POSITIVE_INFINITY;
    for await (const chunk of answer) {
      const piece = (chunk as Buffer).subarray(0, left);
      left -= piece.length;
      const hasRoom = outgoing.write(piece);
      this.sentBytes += piece.length;
      if (left === 0) {
        if (isCut) outgoing.socket?.destroy();
        return false;
      }
      if (!hasRoom) await roomOrEnd(outgoing);
      if (outgoing.destroyed) return false;
    }
    outgoing.end();
    return true;
  }

  async #forward(incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { hostname, port } = this.#target;
    const { method = 'GET', url = '/', headers } = incoming;
    const forwarded = request({ hostname, port, method, path: url, headers }, resolve);
    forwarded.on('error', reject);
    forwarded.end(body);
    return await promise;
  }
}

function boundOf(bound: Bound): number {
  return 'cutAfter' in bound ? bound.cutAfter : bound.stallAfter;
}

/** Until there is room again, or nobody any more to write to. */
async function roomOrEnd(outgoing: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  outgoing.once('drain', resolve);
  outgoing.once('close', resolve);
  await promise;
  outgoing.off('drain', resolve);
  outgoing.off('close', resolve);
}
