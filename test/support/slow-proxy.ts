/** A back end that has become slow: a TCP proxy in front of it that holds back every byte, each way, for a while. */
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

export interface SlowProxy extends AsyncDisposable {
  /** The address with the proxy's host and port in the place of its own. */
  through(url: string): string;
  /** Holds back what comes from now on for so long, each way: milliseconds. */
  delay(delayMs: number): void;
}

/** What one way of one connection may hold back. Past it the sender is not read from: bytes. */
const MAX_HELD_BYTES = 256 * 1024;

/** Stands in front of `url`'s host and port on a port of its own, and passes everything on at once until it is told otherwise. */
export async function slowProxy(url: string): Promise<SlowProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let delayMs = 0;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = dial({ host: hostname, port: Number(port), allowHalfOpen: true });
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      passOn(from, to, () => delayMs);
      from.on('close', () => sockets.delete(from));
    }
  });
  const own = await listen(server);
  return {
    through(address) {
      const changed = new URL(address);
      changed.hostname = '127.0.0.1';
      changed.port = String(own);
      // The parser adds a path to addresses that have none; what was given is given back otherwise unchanged.
      return address.endsWith('/') ? changed.href : changed.href.replace(/\/$/, '');
    },
    delay(ms) {
      delayMs = ms;
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface Held {
  readonly dueMs: number;
  /** Or how the sender went: it has ended its side, or is gone altogether. */
  readonly data: Uint8Array | 'ended' | 'gone';
}

/** In order, each piece when it is due, and no faster than the receiver takes it. */
function passOn(from: Socket, to: Socket, delayMs: () => number): void {
  const held: Held[] = [];
  let bytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let receiverIsFull = false;
  let receiverIsGone = false;

  const give = (data: Held['data']): void => {
    if (data === 'ended') to.end();
    else if (data === 'gone') to.destroySoon();
    else {
      bytes -= data.length;
      receiverIsFull = !to.write(data);
    }
  };
  const move = (): void => {
    timer = undefined;
    while (!receiverIsFull) {
      const next = held[0];
      if (next === undefined) return;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        timer = setTimeout(move, leftMs);
        return;
      }
      held.shift();
      give(next.data);
      if (bytes < MAX_HELD_BYTES) from.resume();
    }
  };
  const hold = (data: Held['data']): void => {
    // Nobody is there to get it. What goes the other way may still be on its way, so the sender is not cut off.
    if (receiverIsGone) return;
    held.push({ dueMs: performance.now() + delayMs(), data });
    if (typeof data !== 'string') bytes += data.length;
    if (bytes >= MAX_HELD_BYTES) from.pause();
    if (timer === undefined) move();
  };

  from.on('data', (data: Uint8Array) => hold(data));
  from.on('end', () => hold('ended'));
  // The end of the connection follows each error, and is passed on behind what came before.
  from.on('error', () => undefined);
  from.on('close', () => hold('gone'));
  to.on('drain', () => {
    receiverIsFull = false;
    if (timer === undefined) move();
  });
  to.on('close', () => {
    receiverIsGone = true;
    clearTimeout(timer);
    held.length = 0;
    from.resume();
  });
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('the proxy has no port'));
      else resolve(address.port);
    });
  });
}
