/** Posting to an address that somebody has named: with the same checks as fetching from one, and no redirects. */
import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { DownloadFault } from './download-fault.ts';
import { agentFor, checkedLookup, checkedUrl, type Egress, forbidden } from './egress.ts';

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly egress: Egress;
  /** For all of it. */
  readonly timeoutMs: number;
  /** Of the answer; what is past it is not read. */
  readonly maxAnswerBytes: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** Rejects with a `DownloadFault`. */
export async function postTo(address: string, body: string, options: PostOptions): Promise<PostAnswer> {
  const url = checkedUrl(address, options.egress);
  const signal = AbortSignal.timeout(options.timeoutMs);
  try {
    const answer = await send(url, body, options, signal);
    return { status: answer.statusCode ?? 0, body: await beginningOf(answer, options.maxAnswerBytes) };
  } catch (error) {
    if (error instanceof DownloadFault) throw error;
    throw unreachable(error, signal);
  }
}

function unreachable(cause: unknown, { aborted }: AbortSignal): DownloadFault {
  const text = aborted ? 'the other side does not answer in time' : 'the other side cannot be reached';
  return new DownloadFault('unreachable', text, { cause });
}

function send(url: URL, body: string, { headers, egress }: PostOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const begin = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const lookup = checkedLookup(egress, systemLookup);
  const length = { 'content-length': String(Buffer.byteLength(body)), 'user-agent': 'Mailroom' };
  const options = { method: 'POST', headers: { ...headers, ...length }, agent: agentFor(url, egress), lookup, signal };
  const sent = begin(url, options, resolve);
  sent.on('error', (error: Error & { code?: string }) => {
    const isForbidden = error.code === 'EFORBIDDEN' || /is not allowed/.test(error.message);
    reject(isForbidden ? forbidden(error) : error);
  });
  sent.end(body);
  return promise;
}

async function beginningOf(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of answer as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > maxBytes) return '';
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString();
  } finally {
    answer.destroy();
  }
}
