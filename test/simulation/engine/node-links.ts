/** The links of one process to the shards of all other nodes, over the simulated network. */
import { BatchLink } from '../../../src/runtime/lanes/batch-link.ts';
import type { Shard } from '../../../src/runtime/shard.ts';
import type { SimulatedNetwork } from '../../../src/testkit/simulation/network.ts';
import type { SimulatedThread } from '../../../src/testkit/simulation/thread.ts';
import type { Surroundings } from './sockets.ts';

export interface NodeLinksOptions extends Pick<Surroundings, 'schedule' | 'trace'> {
  readonly network: SimulatedNetwork;
  /** Which start of the node it is. */
  readonly incarnation: number;
  /** Numbers of the shards of all other nodes. */
  readonly peers: readonly number[];
}

/** Bytes that may wait for a thread that does not read. */
const MAX_WAITING_BYTES = 256 * 1024;

export class NodeLinks {
  readonly #options: NodeLinksOptions;
  readonly #own: { readonly name: string; readonly links: ReadonlyMap<string, BatchLink> }[] = [];

  constructor(options: NodeLinksOptions) {
    this.#options = options;
  }

  /** Links one of the process's shards to all peers. */
  add(shard: Shard, thread: SimulatedThread): void {
    const { network, incarnation, peers, schedule, trace } = this.#options;
    const name = nameOf(shard.thread);
    const links = new Map<string, BatchLink>();
    for (const peer of peers) {
      const link = new BatchLink({
        incarnation,
        send: (datagram) => {
          network.send(name, nameOf(peer), datagram);
          return true;
        },
        wake: shard.wake,
        maxWaitingBytes: MAX_WAITING_BYTES,
      });
      links.set(nameOf(peer), link);
      shard.connect(peer, link, link);
    }
    // What the machine has received reaches the thread in its order, when the thread has time.
    const received: { readonly from: string; readonly bytes: Uint8Array }[] = [];
    network.join(name, (from, bytes) => {
      received.push({ from, bytes });
      thread.turn(0.01, 'datagram', () => {
        const next = received.shift();
        if (next === undefined) return;
        const text = `${next.bytes.length} bytes ${Bun.hash.crc32(next.bytes).toString(16)}`;
        trace.add(schedule.nowMs, `net ${next.from}>${name} ${text}`);
        links.get(next.from)?.receive(next.bytes);
      });
    });
    this.#own.push({ name, links });
  }

  /** Everything is in place: says so to all peers. */
  greet(): void {
    for (const { links } of this.#own) for (const link of links.values()) link.greet();
  }

  /** The process died: nothing reaches it any more. */
  leave(): void {
    for (const { name } of this.#own) this.#options.network.leave(name);
  }
}

function nameOf(thread: number): string {
  return `${thread}`;
}
