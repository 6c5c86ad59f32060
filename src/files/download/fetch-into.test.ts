import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { DownloadFault, DownloadProblem } from './download-fault.ts';
import type { Egress } from './egress.ts';
import { type FetchedFacts, type FetchLimits, type FetchSink, fetchInto } from './fetch-into.ts';

const CONTENT = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
const LIMITS: FetchLimits = {
  maxBytes: 1_000_000,
  maxRedirects: 3,
  headersMs: 2_000,
  silenceMs: 1_000,
  minBytesPerSecond: 0,
  maxMs: 20_000,
};

class MemorySink implements FetchSink {
  pieces: Uint8Array[] = [];
  facts: FetchedFacts | undefined;
  restarts = 0;

  constructor(begun: Uint8Array = new Uint8Array()) {
    if (begun.length > 0) this.pieces.push(begun);
  }

  get size(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  get content(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.pieces));
  }

  write(piece: Uint8Array): Promise<void> {
    this.pieces.push(piece);
    return Promise.resolve();
  }

  restart(): Promise<void> {
    this.pieces = [];
    this.restarts += 1;
    return Promise.resolve();
  }

  begun(facts: FetchedFacts): void {
    this.facts = facts;
  }
}

/** Routes of a web server that means no good. */
const ROUTES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse, port: number) => void>> = {
  '/content.bin': (_, response) =>
    response.writeHead(200, { etag: '"one"', 'content-length': CONTENT.length }).end(CONTENT),
  '/ranged': (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? -1);
    if (from < 0 || request.headers['if-range'] !== '"one"') {
      response.writeHead(200, { etag: '"one"' }).end(CONTENT);
      return;
    }
    const range = `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`;
    response.writeHead(206, { etag: '"one"', 'content-range': range }).end(CONTENT.subarray(from));
  },
  '/wrong-range': (_, response) => response.writeHead(206, { 'content-range': 'bytes 7-9/10' }).end('abc'),
  '/named': (_, response) =>
    response
      .writeHead(200, { 'content-disposition': "attachment; filename*=UTF-8''..%2F%E2%82%AC%20rates.txt" })
      .end('x'),
  '/hop': (_, response) => response.writeHead(302, { location: '/content.bin' }).end(),
  '/loop': (_, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/to-loopback': (_, response, port) =>
    response.writeHead(302, { location: `http://127.0.0.2:${port}/content.bin` }).end(),
  '/to-metadata': (_, response) => response.writeHead(301, { location: 'http://169.254.169.254/latest' }).end(),
  '/to-file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/to-nowhere': (_, response) => response.writeHead(302).end(),
  '/missing': (_, response) => response.writeHead(404).end('secret of the inner network'),
  '/endless': (_, response) => {
    const piece = Buffer.alloc(65_536);
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once('drain', more);
    };
    response.writeHead(200);
    more();
  },
  '/says-too-much': (_, response) => response.writeHead(200, { 'content-length': 5_000_000 }).write('x'),
  '/short': (_, response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('x', () => response.destroy());
  },
  '/bomb': (_, response) =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(50_000_000))),
  '/silent': () => undefined,
  '/drip': (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('x'), 100);
    response.once('close', () => clearInterval(timer));
  },
  '/stops': (_, response) => response.writeHead(200).write('x'),
};

let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    const route = ROUTES[request.url ?? ''];
    if (route === undefined) response.writeHead(404).end();
    else route(request, response, port);
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const egress = (): Egress => ({ allow: ['127.0.0.1', '::1'], deny: [], ports: [port] });

function fetched(
  path: string,
  sink: FetchSink = new MemorySink(),
  options: Partial<Parameters<typeof fetchInto>[2]> = {},
): Promise<FetchedFacts> {
  const address = path.startsWith('http') ? path : `http://127.0.0.1:${port}${path}`;
  return fetchInto(address, sink, {
    egress: egress(),
    limits: LIMITS,
    signal: new AbortController().signal,
    ...options,
  });
}

async function problemOf(work: Promise<unknown>): Promise<DownloadProblem | 'none'> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return (error as DownloadFault).problem;
  }
}

/** Answers with one address after the other. */
function resolver(...addresses: readonly string[]): LookupFunction {
  let asked = 0;
  return (_, options, callback) => {
    const address = addresses[Math.min(asked++, addresses.length - 1)] ?? '';
    const family = address.includes(':') ? 6 : 4;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

describe('fetching on behalf of a user', () => {
  test('[DLD4] content arrives whole, with its name and what it takes to go on', async () => {
    const sink = new MemorySink();
    const facts = await fetched('/content.bin', sink);
    expect(facts).toEqual({ size: CONTENT.length, name: 'content.bin', validator: '"one"' });
    expect(sink.content).toEqual(CONTENT);
    expect(sink.facts).toEqual(facts);
  });

  test('[DLD4] a name is no path', async () => {
    expect((await fetched('/named')).name).toBe('€ rates.txt');
  });

  test('[DLD5] a download goes on where it was, and begins anew where the content has changed', async () => {
    const same = new MemorySink(CONTENT.slice(0, 100_000));
    await fetched('/ranged', same, { validator: '"one"' });
    expect(same.content).toEqual(CONTENT);
    expect(same.restarts).toBe(0);
    const changed = new MemorySink(new Uint8Array(5));
    await fetched('/ranged', changed, { validator: '"other"' });
    expect(changed.content).toEqual(CONTENT);
    expect(changed.restarts).toBe(1);
    expect(await problemOf(fetched('/wrong-range', new MemorySink(new Uint8Array(5)), { validator: '"x"' }))).toBe(
      'bad-answer',
    );
  });

  test('[DLD6] redirects are followed so often, and only to what may be fetched', async () => {
    const sink = new MemorySink();
    await fetched('/hop', sink);
    expect(sink.content).toEqual(CONTENT);
    expect(await problemOf(fetched('/loop'))).toBe('too-many-redirects');
    expect(await problemOf(fetched('/to-loopback'))).toBe('forbidden-address');
    expect(await problemOf(fetched('/to-metadata'))).toBe('forbidden-address');
    expect(await problemOf(fetched('/to-file'))).toBe('bad-url');
    expect(await problemOf(fetched('/to-nowhere'))).toBe('bad-answer');
  });

  test('[DLD7] a name that resolves to a closed address is refused, on its first or on any later look', async () => {
    const closed = { ...egress(), lookup: resolver('10.0.0.1') };
    expect(await problemOf(fetched(`http://files.example:${port}/hop`, undefined, { egress: closed }))).toBe(
      'forbidden-address',
    );
    // The name is public when it is first asked for, and points at the machine itself for the redirect.
    const rebinding = { ...egress(), lookup: resolver('127.0.0.1', '127.0.0.2') };
    expect(await problemOf(fetched(`http://files.example:${port}/hop`, undefined, { egress: rebinding }))).toBe(
      'forbidden-address',
    );
    const steady = { ...egress(), lookup: resolver('127.0.0.1') };
    expect(await problemOf(fetched(`http://files.example:${port}/hop`, undefined, { egress: steady }))).toBe('none');
    const mapped = { ...egress(), allow: [], lookup: resolver('::ffff:127.0.0.1') };
    expect(await problemOf(fetched(`http://files.example:${port}/hop`, undefined, { egress: mapped }))).toBe(
      'forbidden-address',
    );
  });

  test('[DLD8] what is too large, however little it says of it, ends at the bound', async () => {
    const sink = new MemorySink();
    expect(await problemOf(fetched('/endless', sink))).toBe('too-large');
    expect(sink.size).toBeLessThanOrEqual(LIMITS.maxBytes);
    expect(await problemOf(fetched('/says-too-much'))).toBe('too-large');
  });

  test('[DLD8] packed content that nobody asked for is not unpacked', async () => {
    const sink = new MemorySink();
    expect(await problemOf(fetched('/bomb', sink))).toBe('bad-answer');
    expect(sink.size).toBe(0);
  });

  test('[DLD9] silence, slowness and length have bounds', async () => {
    expect(await problemOf(fetched('/silent', undefined, { limits: { ...LIMITS, headersMs: 100 } }))).toBe(
      'unreachable',
    );
    expect(await problemOf(fetched('/stops', undefined, { limits: { ...LIMITS, silenceMs: 100 } }))).toBe('too-slow');
    const slow = { ...LIMITS, silenceMs: 300, minBytesPerSecond: 1_000 };
    expect(await problemOf(fetched('/drip', undefined, { limits: slow }))).toBe('too-slow');
    expect(await problemOf(fetched('/drip', undefined, { limits: { ...LIMITS, maxMs: 300 } }))).toBe('too-long');
  });

  test('[DLD10] an end before the end, a refusal and a lost connection say nothing of the other side', async () => {
    expect(await problemOf(fetched('/short'))).toBe('unreachable');
    expect(await problemOf(fetched('/missing'))).toBe('bad-answer');
    expect(
      await problemOf(fetched(`http://127.0.0.1:${port}/missing`, undefined, { egress: { ...egress(), ports: [] } })),
    ).toBe('bad-url');
    const message = await fetched('/missing').catch((error: Error) => error.message);
    expect(message).not.toContain('secret');
  });

  test('[DLD11] a download stops when it is told to', async () => {
    const stopping = new AbortController();
    const sink = new MemorySink();
    const running = problemOf(fetched('/drip', sink, { signal: stopping.signal }));
    sink.begun = () => stopping.abort();
    expect(await running).toBe('stopped');
  });
});
