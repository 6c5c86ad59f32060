/** The way to a back end, which a test can shut and open again. */
import { createServer, connect as dial, type Socket } from 'node:net';

export interface Gateway extends AsyncDisposable {
  /** The address given, by this way. */
  readonly url: string;
  /** Cuts all connections and refuses new ones, as a server that was stopped does. */
  shut(): void;
  open(): void;
}

export async function gatewayTo(url: string): Promise<Gateway> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer((client) => {
    if (isShut) {
      client.destroy();
      return;
    }
    const target = dial({ host: hostname, port: Number(port) });
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        target.destroy();
      });
      // The close that follows is what counts.
      socket.on('error', () => undefined);
    }
    client.pipe(target);
    target.pipe(client);
  });
  const listening = new Promise((resolve) => server.once('listening', resolve));
  server.listen(0, '127.0.0.1');
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gateway has no port');
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String(address.port);
  const cut = (): void => {
    isShut = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: through.href,
    shut: cut,
    open() {
      isShut = false;
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
