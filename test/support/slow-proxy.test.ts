/** The proxy that makes back ends slow keeps what passes it whole, and its own memory bounded. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { slowProxy } from './slow-proxy.ts';
import { eventually, TEST_MS, within } from './wait.ts';

setDefaultTimeout(TEST_MS);

async function server(onSocket: (socket: Socket) => void): Promise<AsyncDisposable & { readonly url: string }> {
  const listening: Server = createServer(onSocket);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = listening.address() as { port: number };
  return {
    url: `tcp://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => listening.close(() => resolve())),
  };
}

function through(url: string): Socket {
  const { hostname, port } = new URL(url);
  return dial({ host: hostname, port: Number(port) });
}

test('[OUT9] a slow back end gets and gives every byte, in order, no sooner than the delay both ways', async () => {
  await using echo = await server((socket) => void socket.pipe(socket));
  await using proxy = await slowProxy(echo.url);
  proxy.delay(100);
  const client = through(proxy.through(echo.url));
  const sent = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
  const got: Uint8Array[] = [];
  let firstMs = 0;
  const ended = new Promise<void>((resolve) => {
    client.on('data', (data: Uint8Array) => {
      firstMs ||= performance.now();
      got.push(data);
    });
    client.on('end', resolve);
  });
  const begunMs = performance.now();
  client.end(sent);
  await within('the echo', ended);
  expect(Buffer.concat(got).equals(sent)).toBe(true);
  expect(firstMs - begunMs).toBeGreaterThanOrEqual(199);
});

test('[OUT9] a receiver that does not read stops the sender', async () => {
  const idle: Socket[] = [];
  await using sink = await server((socket) => {
    socket.pause();
    idle.push(socket);
  });
  await using proxy = await slowProxy(sink.url);
  const client = through(proxy.through(sink.url));
  client.on('error', () => undefined);
  client.write(new Uint8Array(64 * 1024 * 1024));
  // What the kernel and the proxy hold together is far less than what was written: the rest stays with the sender.
  let last = -1;
  await eventually(
    'the sender to be stopped',
    () => {
      const waiting = client.writableLength;
      const still = waiting === last;
      last = waiting;
      return still;
    },
    (still) => still && idle.length > 0,
  );
  expect(client.writableLength).toBeGreaterThan(0);
  client.destroy();
  for (const socket of idle) socket.destroy();
});

test('[OUT9] where there is no back end the connection ends', async () => {
  const gone = await server(() => undefined);
  const { url } = gone;
  await gone[Symbol.asyncDispose]();
  await using proxy = await slowProxy(url);
  const client = through(proxy.through(url));
  client.on('error', () => undefined);
  await within('the end of the connection', new Promise((resolve) => client.once('close', resolve)));
  expect(client.destroyed).toBe(true);
});
