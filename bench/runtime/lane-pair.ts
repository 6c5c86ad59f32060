/** Two threads joined by lanes, in a process of their own. `lane-pair.ts MESSAGES BYTES ROUNDTRIPS` prints JSON. */
import { Ring } from '../../src/runtime/lanes/ring.ts';
import { median } from '../lib/stats.ts';
import type { LaneBoot, LaneOrder, LaneReport } from './lane-thread.ts';

export interface LanePairResult {
  readonly perSecond: number;
  readonly roundTripP50Micros: number;
  readonly roundTripP99Micros: number;
  readonly lost: number;
  readonly reordered: number;
}

/** As in production. */
const RING_BYTES = 1024 * 1024;

const [messages = 0, payloadBytes = 0, roundTrips = 0] = process.argv.slice(2).map(Number);
const there = Ring.memory(RING_BYTES);
const back = Ring.memory(RING_BYTES);
const { port1, port2 } = new MessageChannel();
const workers = [0, 1].map(() => new Worker(new URL('./lane-thread.ts', import.meta.url).href)) as [Worker, Worker];

function told<T extends LaneReport['type']>(worker: Worker, type: T): Promise<Extract<LaneReport, { type: T }>> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<LaneReport>) => {
      if (data.type === type) resolve(data as Extract<LaneReport, { type: T }>);
    };
    worker.onerror = (event) => reject(new Error(event.message));
  });
}

function order(worker: Worker, message: LaneOrder, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

const common = { type: 'boot', messages, payloadBytes, roundTrips } as const;
const boots: readonly [LaneBoot, LaneBoot] = [
  { ...common, thread: 0, outgoing: there, incoming: back, bell: port1 },
  { ...common, thread: 1, outgoing: back, incoming: there, bell: port2 },
];
const ready = Promise.all(workers.map((worker) => told(worker, 'ready')));
for (const [index, worker] of workers.entries())
  order(worker, boots[index] as LaneBoot, [boots[index]?.bell as MessagePort]);
await ready;
const returned = told(workers[0], 'returned');
order(workers[0], { type: 'round-trips' });
const micros = [...(await returned).micros].sort((a, b) => a - b);
const streamed = told(workers[1], 'streamed');
const startMs = performance.now();
order(workers[0], { type: 'stream' });
const { received, lost, reordered } = await streamed;
const result: LanePairResult = {
  perSecond: (received / (performance.now() - startMs)) * 1000,
  roundTripP50Micros: median(micros),
  roundTripP99Micros: micros[Math.floor(micros.length * 0.99)] ?? Number.NaN,
  lost,
  reordered,
};
process.stdout.write(JSON.stringify(result));
process.exit(0);
