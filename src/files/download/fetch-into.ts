/**
 * Fetches what lies at an address into a sink: redirects by hand, each one checked like the first; bytes counted rather than
 * believed; bounds on size, silence, slowness and time.
 */
import { lookup as systemLookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { DownloadFault } from './download-fault.ts';
import { agentFor, checkedLookup, checkedUrl, type Egress, forbidden } from './egress.ts';

export interface FetchLimits {
  readonly maxBytes: number;
  readonly maxRedirects: number;
  /** From a request to the headers of its answer: milliseconds. */
  readonly headersMs: number;
  /** Between two pieces: milliseconds. */
  readonly silenceMs: number;
  /** Over each `silenceMs`, on average. */
  readonly minBytesPerSecond: number;
  /** In all: milliseconds. */
  readonly maxMs: number;
}

/** Where the bytes go, in order. */
export interface FetchSink {
  /** What it has already of the content. */
  readonly size: number;
  /** Resolves when more can be taken. */
  write(piece: Uint8Array): Promise<void>;
  /** The content begins anew: what came before is not a part of it. */
  restart(): Promise<void>;
  /** What is known of the content; called once before its first piece. */
  begun(facts: FetchedFacts): void;
}

export interface FetchedFacts {
  /** Of the whole, as the other side says; undefined where it does not. Bytes. */
  readonly size: number | undefined;
  /** The name that the other side gives it, or the last part of the address. */
  readonly name: string;
  /** For going on later: its strong entity tag, or when it was changed last. */
  readonly validator: string | undefined;
}

export interface FetchOptions {
  readonly egress: Egress;
  readonly limits: FetchLimits;
  /** Of what the sink has already; without it everything is fetched anew. */
  readonly validator?: string;
  readonly signal: AbortSignal;
}

/** Resolves when the sink has everything. Rejects with a `DownloadFault`, or with what the sink rejects with. */
export async function fetchInto(address: string, sink: FetchSink, options: FetchOptions): Promise<FetchedFacts> {
  const { limits, signal } = options;
  const time = AbortSignal.timeout(limits.maxMs);
  const either = AbortSignal.any([signal, time]);
  try {
    const { answer, url } = await follow(address, sink, options, either);
    return await take(answer, url, sink, limits, either);
  } catch (error) {
    if (signal.aborted) throw stopped(error);
    if (time.aborted) throw tooLong(error);
    throw error;
  }
}

interface Answer {
  readonly answer: IncomingMessage;
  readonly url: URL;
}

async function follow(address: string, sink: FetchSink, options: FetchOptions, signal: AbortSignal): Promise<Answer> {
  const { egress, limits } = options;
  let url = checkedUrl(address, egress);
  for (let hop = 0; ; hop += 1) {
    const answer = await ask(url, headersFor(sink, options.validator), options, signal);
    const { statusCode = 0, headers } = answer;
    if (statusCode < 300 || statusCode > 399 || statusCode === 304) return { answer, url };
    answer.destroy();
    if (hop >= limits.maxRedirects) throw new DownloadFault('too-many-redirects', 'the address leads on too often');
    if (headers.location === undefined) throw badAnswer();
    const next = checkedUrl(headers.location, egress, url);
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw new DownloadFault('bad-url', 'the address leads from https to http');
    }
    url = next;
  }
}

function headersFor(sink: FetchSink, validator: string | undefined): Record<string, string> {
  const resumes = sink.size > 0 && validator !== undefined;
  return {
    'user-agent': 'Mailroom',
    accept: '*/*',
    'accept-encoding': 'identity',
    ...(resumes ? { range: `bytes=${sink.size}-`, 'if-range': validator } : {}),
  };
}

/** One request on a connection of its own. Whatever goes wrong before the headers is `unreachable`, or forbidden. */
function ask(
  url: URL,
  headers: Record<string, string>,
  { egress, limits }: FetchOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const lookup = checkedLookup(egress, systemLookup);
  const sent = send(url, { method: 'GET', headers, agent: agentFor(url, egress), lookup, signal }, resolve);
  const deadline = setTimeout(() => {
    reject(new DownloadFault('unreachable', 'the other side does not answer'));
    sent.destroy();
  }, limits.headersMs);
  sent.on('error', (error: Error & { code?: string }) => {
    const isForbidden = error.code === 'EFORBIDDEN' || /is not allowed/.test(error.message);
    reject(
      isForbidden
        ? forbidden(error)
        : new DownloadFault('unreachable', 'the other side cannot be reached', { cause: error }),
    );
  });
  sent.end();
  return promise.finally(() => clearTimeout(deadline));
}

async function take(
  answer: IncomingMessage,
  url: URL,
  sink: FetchSink,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<FetchedFacts> {
  try {
    const from = startOf(answer, sink.size);
    if (from !== sink.size) await sink.restart();
    const facts = factsOf(answer, url, from);
    if ((facts.size ?? 0) > limits.maxBytes) throw tooLarge();
    sink.begun(facts);
    for await (const piece of unhurried(answer, limits, signal)) {
      if (sink.size + piece.length > limits.maxBytes) throw tooLarge();
      await sink.write(piece);
    }
    if (facts.size !== undefined && sink.size !== facts.size) {
      throw new DownloadFault('unreachable', 'the content ended before its end');
    }
    return facts;
  } finally {
    answer.destroy();
  }
}

/** Where in the content the answer begins. Content in a coding that nobody asked for may be larger than it looks. */
function startOf({ statusCode, headers }: IncomingMessage, wanted: number): number {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw badAnswer();
  if (statusCode === 200) return 0;
  if (statusCode !== 206) throw badAnswer();
  const start = /^bytes (\d+)-\d+\/(?:\d+|\*)$/.exec(headers['content-range'] ?? '')?.[1];
  if (start === undefined || Number(start) !== wanted) throw badAnswer();
  return wanted;
}

function factsOf({ headers }: IncomingMessage, url: URL, from: number): FetchedFacts {
  const length = /^\d+$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : undefined;
  const { etag, 'last-modified': changed } = headers;
  return {
    size: length === undefined ? undefined : from + length,
    name: nameOf(headers['content-disposition'], url),
    validator: etag !== undefined && !etag.startsWith('W/') ? etag : changed,
  };
}

const MAX_NAME_CHARACTERS = 200;

/** What a file system and a reader can do with; never a path. */
function nameOf(disposition: string | undefined, url: URL): string {
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  const plain = /filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1];
  const last = url.pathname.split('/').at(-1) ?? '';
  const name = decoded(extended) ?? plain ?? decoded(last) ?? '';
  const clean = name
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .split(/[\\/]/)
    .at(-1)
    ?.trim()
    .slice(0, MAX_NAME_CHARACTERS);
  return clean === undefined || clean === '' || /^\.+$/.test(clean) ? 'download' : clean;
}

function decoded(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The pieces as they come; too long a silence and too slow a stream are faults. */
async function* unhurried(
  answer: IncomingMessage,
  limits: FetchLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { silenceMs, minBytesPerSecond } = limits;
  let passed = 0;
  let heard = false;
  const watch = setInterval(() => {
    const isSlow = passed < (minBytesPerSecond * silenceMs) / 1_000;
    if (heard && !isSlow) {
      heard = false;
      passed = 0;
      return;
    }
    answer.destroy(new DownloadFault('too-slow', 'the other side is too slow'));
  }, silenceMs);
  const stop = (): void => void answer.destroy(stopped(signal.reason));
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of answer as AsyncIterable<Uint8Array>) {
      heard = true;
      passed += piece.length;
      yield piece;
    }
  } catch (error) {
    if (error instanceof DownloadFault) throw error;
    throw lost(error);
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', stop);
  }
}

function badAnswer(): DownloadFault {
  return new DownloadFault('bad-answer', 'the other side does not give out the content');
}

function tooLarge(): DownloadFault {
  return new DownloadFault('too-large', 'the content is larger than may be fetched');
}

function stopped(cause: unknown): DownloadFault {
  return new DownloadFault('stopped', 'the download was stopped', { cause });
}

function tooLong(cause: unknown): DownloadFault {
  return new DownloadFault('too-long', 'the download takes too long', { cause });
}

function lost(cause: unknown): DownloadFault {
  return new DownloadFault('unreachable', 'the connection was lost', { cause });
}
