/** Links: the transport below a lane. Shared memory inside a node, batches between nodes, seeded delays in the simulator. */
import type { Ring } from './ring.ts';

/** The sending end to one thread. */
export interface OutgoingLink {
  /**
   * Whether what is written may get lost. Then one write takes all or nothing, and is understood without those before it;
   * else a write takes what there is credit for, and the rest follows.
   */
  readonly lossy: boolean;
  /** Takes as much of `bytes[0..length)` as there is credit for and returns how much; wakes the receiver if need be. */
  write(bytes: Uint8Array, length: number): number;
  /** Asks for a wake-up of this thread once there is credit again. The caller must try to write once more after asking. */
  awaitCredit(): void;
}

/** The receiving end from one thread. */
export interface IncomingLink {
  /** Bytes that wait. */
  waiting(): number;
  /** Moves as much of what waits as `into` has room for behind `offset` and returns how much; gives the credit back. */
  read(into: Uint8Array, offset: number): number;
  /** Says that this thread looks again only when woken. False if bytes came in the meantime: then look now. */
  sleep(): boolean;
  awake(): void;
}

/** `ringPeer` wakes the other thread's event loop. */
export function outgoingRing(ring: Ring, ringPeer: () => void): OutgoingLink {
  return {
    lossy: false,
    write(bytes, length) {
      const count = ring.write(bytes, length);
      if (count > 0 && ring.takeReaderSleeps()) ringPeer();
      return count;
    },
    awaitCredit: () => ring.writerWaits(),
  };
}

export function incomingRing(ring: Ring, ringPeer: () => void): IncomingLink {
  return {
    waiting: () => ring.used,
    read(into, offset) {
      const count = ring.read(into, offset);
      if (count > 0 && ring.takeWriterWaits()) ringPeer();
      return count;
    },
    sleep() {
      ring.readerSleeps();
      if (ring.takeWriterWaits()) ringPeer();
      return ring.used === 0;
    },
    awake: () => ring.readerAwake(),
  };
}
