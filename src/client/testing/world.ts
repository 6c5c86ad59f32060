import { MailroomClient } from '../client.ts';
import type { ClientOptions } from '../options.ts';
import type { Message } from '../wire.ts';
import { FakeNetwork } from './fake-network.ts';
import { FakeServer } from './fake-server.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A seeded source of chance: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A fake server, its network and its clients, all on one virtual clock and one seed. */
export class World {
  readonly clock = new VirtualClock();
  readonly random: () => number;
  readonly server: FakeServer;
  readonly network: FakeNetwork;
  #nonces = 0;

  constructor(seed = 1) {
    this.random = seededRandom(seed);
    this.server = new FakeServer(() => this.clock.now());
    this.network = new FakeNetwork(this.clock, this.server, () => 1 + Math.floor(this.random() * 20));
  }

  client(user: string, options: Partial<ClientOptions> = {}): MailroomClient {
    return new MailroomClient({
      url: 'http://fake',
      token: user,
      connect: this.network.connect,
      clock: this.clock,
      random: this.random,
      newNonce: () => `nonce-${++this.#nonces}`,
      onHandlerError: (error) => {
        throw error;
      },
      ...options,
    });
  }

  /** A client that is connected, and what it has been delivered so far. */
  async connected(user: string, options: Partial<ClientOptions> = {}) {
    const client = this.client(user, options);
    const messages: Message[] = [];
    client.on('message', (message) => messages.push(message));
    client.connect();
    await this.until(() => client.state.kind === 'ready');
    return { client, messages };
  }

  /** Moves time on until `done` holds; throws when it does not within `limitMs`. */
  async until(done: () => boolean, limitMs = 120_000): Promise<void> {
    if (!(await this.clock.advanceUntil(done, limitMs))) throw new Error(`not within ${limitMs} ms: ${done}`);
  }

  /** The sockets of a user, as the server has them. */
  sockets(user: string) {
    return [...this.server.sessions].filter((session) => session.user === user).map((session) => session.socket);
  }
}

/** A body that says `text`, in the least bytes. */
export function bodyOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(message: Message): string {
  return new TextDecoder().decode(message.body);
}
