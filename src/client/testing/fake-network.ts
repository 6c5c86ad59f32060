import type { SocketHandlers, SocketLike } from '../socket.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** The server's end of a socket. */
export interface ServerSocket {
  readonly send: (bytes: Uint8Array) => void;
  readonly close: (code: number, reason?: string) => void;
  /** Cuts the wire: what is on its way is lost, and the client hears 1006. */
  readonly cut: () => void;
  /** From now on nothing passes in either direction, and nobody is told: a cable that was pulled out. */
  readonly freeze: () => void;
  readonly isOpen: () => boolean;
}

/** What a server does with its sockets. */
export interface Acceptor {
  accepted(socket: ServerSocket): { received(bytes: Uint8Array): void; closed(): void };
}

/** Sockets in one process, over virtual time: each direction keeps its order and takes `latencyMs()` for each message. */
export class FakeNetwork {
  readonly #clock: VirtualClock;
  readonly #acceptor: Acceptor;
  readonly #latencyMs: () => number;

  constructor(clock: VirtualClock, acceptor: Acceptor, latencyMs: () => number) {
    this.#clock = clock;
    this.#acceptor = acceptor;
    this.#latencyMs = latencyMs;
  }

  readonly connect = (_url: string, client: SocketHandlers): SocketLike => {
    let state: 'open' | 'frozen' | 'closed' = 'open';
    let peer: ReturnType<Acceptor['accepted']> | undefined;
    const toServer = this.#lane(() => state === 'open');
    const toClient = this.#lane(() => state === 'open');
    const end = (code: number, reason: string) => {
      if (state === 'closed') return;
      const heard = state === 'open';
      state = 'closed';
      peer?.closed();
      if (heard) this.#clock.after(this.#latencyMs(), () => client.closed(code, reason));
    };
    toClient(() => {
      peer = this.#acceptor.accepted({
        send: (bytes) => toClient(() => client.received(bytes)),
        close: (code, reason = '') => toClient(() => end(code, reason)),
        cut: () => end(1006, ''),
        freeze: () => {
          state = 'frozen';
        },
        isOpen: () => state === 'open',
      });
      client.opened();
    });
    return {
      send: (bytes) => {
        const copy = bytes.slice();
        toServer(() => peer?.received(copy));
      },
      close: (code = 1000, reason = '') => end(code, reason),
    };
  };

  #lane(isOpen: () => boolean): (task: () => void) => void {
    let lastAt = 0;
    return (task) => {
      lastAt = Math.max(lastAt, this.#clock.now() + this.#latencyMs());
      this.#clock.after(lastAt - this.#clock.now(), () => {
        if (isOpen()) task();
      });
    };
  }
}
