/** One node: a machine with its disk and its clock, and the process that lives and dies on it. */
import { threadNumber } from '../../../src/runtime/placement.ts';
import type { WallClock } from '../../../src/testkit/simulation/thread.ts';
import type { MemoryGovernance } from '../../contract/memory-governance.ts';
import type { MemoryRecords } from '../../contract/memory-records.ts';
import { SimulatedDisk } from './disk.ts';
import { LogModel } from './log-model.ts';
import { NodeLinks, type NodeLinksOptions } from './node-links.ts';
import { type ProcessOptions, SimulatedProcess } from './process.ts';
import { Sabotage } from './sabotage.ts';
import type { Surroundings } from './sockets.ts';
import { openRecords, StoreModel } from './store-model.ts';

export interface NodeOptions
  extends Surroundings,
    Pick<
      ProcessOptions,
      'node' | 'shards' | 'slotOwners' | 'probes' | 'watch' | 'maxPendingBytes' | 'onDefect' | 'onFailure'
    > {
  readonly epochMs: number;
  readonly logAtOnce: boolean;
  /** What all nodes share: users, rooms, and who is in them. */
  readonly records: MemoryRecords;
  readonly governance: MemoryGovernance;
  /** Undefined where the node is alone. */
  readonly network: Pick<NodeLinksOptions, 'network' | 'peers'> | undefined;
}

const LANE_BYTES = 64 * 1024;

export class SimulatedNode {
  readonly log: LogModel;
  readonly store: StoreModel;
  readonly disk: SimulatedDisk;
  readonly #options: NodeOptions;
  readonly #clock: WallClock;
  readonly #sabotage = new Sabotage();
  /** On the disk, as it were: no two starts have the same. */
  #starts = 0;
  #process: SimulatedProcess | undefined;

  constructor(options: NodeOptions) {
    this.#options = options;
    const { schedule, random, logAtOnce, epochMs } = options;
    this.disk = new SimulatedDisk({ schedule, random: random.fork(), atOnce: logAtOnce });
    this.log = new LogModel(this.disk);
    this.store = new StoreModel(this.disk);
    this.#clock = { epochMs };
  }

  /** The process that runs, or that is to run next. */
  get process(): SimulatedProcess {
    if (this.#process === undefined) throw new Error('the node was never started');
    return this.#process;
  }

  /** Numbers of the node's shards. */
  get threads(): readonly number[] {
    return threadsOf(this.#options.node, this.#options.shards);
  }

  /** Makes the process, which boots later. */
  prepare(): void {
    const { network, records, governance, ...options } = this.#options;
    this.#starts += 1;
    this.#process = new SimulatedProcess({
      ...options,
      clock: this.#clock,
      log: this.log,
      store: this.store,
      openRecords: (alive) => openRecords(records, this.disk, alive),
      openGovernance: (alive) => openRecords(governance, this.disk, alive),
      sabotage: this.#sabotage,
      start: this.#starts,
      links: network && new NodeLinks({ ...options, ...network, incarnation: this.#starts }),
    });
  }

  boot(process = this.process): void {
    if (!process.alive) return;
    const { onDefect } = this.#options;
    process.boot().catch((error: unknown) => onDefect(`[SIM9] the process does not start: ${error}`));
  }

  // ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────

  crash(downMs: number): void {
    if (!this.process.alive) return;
    this.process.crash();
    this.disk.heal();
    this.#sabotage.heal();
    this.prepare();
    const next = this.process;
    this.#options.schedule.after(downMs, () => this.boot(next));
  }

  stallThread(index: number, ms: number): void {
    const { threads } = this.process;
    const thread = threads[index % Math.max(1, threads.length)];
    if (thread !== undefined) thread.stalledUntilMs = this.#options.schedule.nowMs + ms;
  }

  failActor(kind: string, skip: number, after: boolean): void {
    this.#sabotage.plan(kind, skip, after);
  }

  squeezeLanes(bytes: number, ms: number): void {
    const { links } = this.process;
    for (const link of links) link.capacityBytes = bytes;
    this.#options.schedule.after(ms, () => {
      for (const link of links) link.capacityBytes = LANE_BYTES;
    });
  }

  jumpClock(ms: number): void {
    this.#clock.epochMs += ms;
  }

  heal(): void {
    this.disk.heal();
    this.#sabotage.heal();
    for (const thread of this.process.threads) thread.stalledUntilMs = 0;
    for (const link of this.process.links) link.capacityBytes = LANE_BYTES;
  }

  /** Why it is not at rest yet; undefined when it is. */
  unsettled(): string | undefined {
    const { process, log, store } = this;
    if (!process.listening) return 'the process does not listen';
    if (process.pendingAsks > 0) return `${process.pendingAsks} asks are not answered`;
    // A fence that no room of the node has waited for yet may still be on its way.
    const persisted = store.durable.persisted(0);
    const missing = log.batches.some(({ position, records }) => position > persisted && records.length > 0);
    if (missing) return 'the log is not in the store';
    return undefined;
  }
}

/** Numbers of the shards of a node. */
export function threadsOf(node: number, shards: number): number[] {
  return Array.from({ length: shards }, (_, index) => threadNumber(node, index));
}
