/** Entry of the threads of the test: a shard with one kind, on real lanes. */
import { realHost } from '../../../src/app/host.ts';
import { laneCodec } from '../../../src/app/lane-codec.ts';
import { incomingRing, outgoingRing } from '../../../src/runtime/lanes/link.ts';
import { Ring } from '../../../src/runtime/lanes/ring.ts';
import { evenPlacement } from '../../../src/runtime/placement.ts';
import { Shard } from '../../../src/runtime/shard.ts';
import { sink, sinkKind } from './kinds.ts';

export interface LaneEnd {
  readonly peer: number;
  readonly outgoing: SharedArrayBuffer;
  readonly incoming: SharedArrayBuffer;
  readonly bell: MessagePort;
}

export interface LaneThreadBoot {
  readonly thread: number;
  readonly ends: readonly LaneEnd[];
  /** Opens once for a thread that is blocked: a word, 0 while it is shut. */
  readonly gate: SharedArrayBuffer;
}

export const MAX_PENDING_BYTES = 256 * 1024;

export function startShard({ thread, ends, gate }: LaneThreadBoot): Shard {
  const log = { warn: () => {}, error: (text: string, fields: object) => console.error(text, fields) };
  const shard = new Shard({
    thread,
    host: realHost,
    log,
    placement: evenPlacement(3),
    codec: laneCodec,
    maxPendingBytes: MAX_PENDING_BYTES,
  });
  for (const { peer, outgoing, incoming, bell } of ends) {
    const ring = (): void => bell.postMessage(0);
    bell.onmessage = shard.wake;
    shard.connect(peer, outgoingRing(new Ring(outgoing), ring), incomingRing(new Ring(incoming), ring));
  }
  shard.register(sinkKind, (context) => sink(context, new Int32Array(gate)));
  return shard;
}

if (!Bun.isMainThread) {
  const thread = globalThis as unknown as { onmessage: (event: MessageEvent<LaneThreadBoot>) => void };
  thread.onmessage = ({ data }) => {
    startShard(data);
    postMessage('ready');
  };
}
