/** Stands between a client and MySQL, and cuts connections at a COMMIT: before the server hears of it, or before its answer is passed on. */
import type { Socket, TCPSocketListener } from 'bun';

export type Cut = 'before' | 'after';

interface Link {
  server: Socket<Link> | null;
  client: Socket<Link> | null;
  /** What the client sent before the server was connected. */
  waiting: Uint8Array[];
  /** The next answer of the server is kept back. */
  mute: boolean;
}

export interface CommitProxy extends AsyncDisposable {
  /** The address given, by way of this proxy. */
  readonly url: string;
  /** The next COMMIT is cut in this way; later ones pass. */
  cutNext(cut: Cut): void;
}

/** A statement sent as text begins with the byte 3. */
const COMMIT = Buffer.from('\x03COMMIT');

export function commitProxy(url: string): CommitProxy {
  const target = new URL(url);
  let next: Cut | null = null;

  const toServer = (link: Link, data: Uint8Array): void => {
    const cut = next !== null && Buffer.from(data).includes(COMMIT) ? next : null;
    if (cut === null) {
      link.server?.write(data);
      return;
    }
    next = null;
    if (cut === 'before') {
      link.client?.terminate();
      link.server?.terminate();
      return;
    }
    link.mute = true;
    link.server?.write(data);
  };

  const toClient = (link: Link, data: Uint8Array): void => {
    if (!link.mute) {
      link.client?.write(data);
      return;
    }
    link.client?.terminate();
    link.server?.terminate();
  };

  const listener: TCPSocketListener<Link> = Bun.listen<Link>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open: async (client) => {
        const link: Link = { server: null, client, waiting: [], mute: false };
        client.data = link;
        link.server = await Bun.connect<Link>({
          hostname: target.hostname,
          port: Number(target.port),
          data: link,
          socket: {
            data: (_server, data) => toClient(link, data),
            close: () => void link.client?.end(),
          },
        });
        for (const data of link.waiting.splice(0)) toServer(link, data);
      },
      data: ({ data: link }, data) => {
        if (link.server === null) link.waiting.push(data.slice());
        else toServer(link, data);
      },
      close: ({ data: link }) => void link.server?.end(),
    },
  });
  const through = new URL(url);
  through.port = String(listener.port);
  return {
    url: through.href,
    cutNext: (cut) => {
      next = cut;
    },
    [Symbol.asyncDispose]: async () => {
      listener.stop(true);
      await Promise.resolve();
    },
  };
}
