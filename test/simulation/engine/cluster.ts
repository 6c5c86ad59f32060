/** The nodes of a world, the network between them, and what is done to both. */
import { evenPlacement, nodeOf, SLOTS, slotOf } from '../../../src/runtime/placement.ts';
import { SimulatedNetwork } from '../../../src/testkit/simulation/network.ts';
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { MemoryGovernance } from '../../contract/memory-governance.ts';
import type { MemoryRecords } from '../../contract/memory-records.ts';
import { type LeaseSigns, LeaseWatch } from './lease-watch.ts';
import { AT_REST } from './many-nodes.ts';
import { type NodeOptions, SimulatedNode, threadsOf } from './node.ts';
import { ProbeLog } from './probe.ts';
import type { SimulatedProcess } from './process.ts';
import type { MachineOp, NetworkOp, OnNode, Scenario } from './scenario.ts';
import type { SimulatedGate, Surroundings } from './sockets.ts';

export interface ClusterOptions extends Surroundings, Pick<NodeOptions, 'epochMs' | 'onDefect' | 'onFailure'> {
  readonly scenario: Scenario;
  readonly records: MemoryRecords;
  readonly governance: MemoryGovernance;
}

/** One way that is closed for a while. */
interface Cut {
  readonly from: number;
  readonly to: number;
  readonly untilMs: number;
}

export class Cluster {
  readonly nodes: readonly SimulatedNode[];
  readonly #around: Surroundings;
  readonly #scenario: Scenario;
  readonly #slotOwners: Uint16Array;
  /** Undefined where one node is alone. */
  readonly #network: SimulatedNetwork | undefined;
  readonly #probes = new ProbeLog();
  readonly #signs: LeaseSigns = new Map();
  #cuts: Cut[] = [];
  #weatherUntilMs = 0;

  constructor(options: ClusterOptions) {
    const { scenario, schedule } = options;
    this.#scenario = scenario;
    this.#around = options;
    const many = scenario.nodes.length > 1;
    this.#network = many ? new SimulatedNetwork(schedule, new SeededRandom(scenario.seed ^ 0x4e7)) : undefined;
    if (this.#network !== undefined) this.#network.conditions = scenario.network;
    const threads = scenario.nodes.map((shards, node) => threadsOf(node, shards));
    this.#slotOwners = many
      ? scattered(scenario.seed, threads.flat())
      : evenPlacement(threads.flat().length).slotOwners;
    this.nodes = scenario.nodes.map((shards, node) => {
      const peers = threads.filter((_, other) => other !== node).flat();
      return new SimulatedNode({
        ...options,
        node,
        shards,
        slotOwners: this.#slotOwners,
        logAtOnce: scenario.logAtOnce,
        maxPendingBytes: scenario.maxPendingBytes,
        network: this.#network && { network: this.#network, peers },
        watch: new LeaseWatch(schedule, this.#signs),
        probes: many ? { log: this.#probes, peers } : undefined,
      });
    });
  }

  /** The node whose log and store have the room. */
  homeOf(room: string): SimulatedNode {
    return this.nodes[nodeOf(this.#slotOwners[slotOf(room)] as number)] as SimulatedNode;
  }

  /** Where a client may connect. */
  get gates(): readonly SimulatedGate[] {
    return this.nodes.flatMap(({ process }) => (process.listening ? process.gates : []));
  }

  /** A process that takes clients; which one is the caller's choice, by an index that wraps around. */
  listening(index: number): SimulatedProcess | undefined {
    const processes = this.nodes.flatMap(({ process }) => (process.listening ? [process] : []));
    return processes[index % Math.max(1, processes.length)];
  }

  unsettled(): string | undefined {
    for (const [index, node] of this.nodes.entries()) {
      const reason = node.unsettled();
      if (reason !== undefined) return `node ${index}: ${reason}`;
    }
    return undefined;
  }

  heal(): void {
    for (const node of this.nodes) node.heal();
    this.#probes.active = false;
    this.#cuts = [];
    this.#network?.heal();
    if (this.#network !== undefined) this.#network.conditions = AT_REST;
  }

  // ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────

  applyToMachine(op: MachineOp & OnNode): void {
    const node = this.#node(op.node ?? 0);
    switch (op.do) {
      case 'crash':
        return node.crash(op.downMs);
      case 'stall-thread':
        return node.stallThread(op.thread, op.ms);
      case 'fail-actor':
        return node.failActor(op.kind, op.skip, op.after);
      case 'fail-disk':
        return node.disk.fail(op.user, op.count);
      case 'slow-disk':
        node.disk.slowUntilMs = this.#around.schedule.nowMs + op.ms;
        return;
      case 'squeeze-lanes':
        return node.squeezeLanes(op.bytes, op.ms);
      case 'jump-clock':
        return node.jumpClock(op.ms);
    }
  }

  applyToNetwork(op: NetworkOp): void {
    const { schedule } = this.#around;
    const untilMs = schedule.nowMs + op.ms;
    switch (op.do) {
      case 'cut':
        this.#cut(op.from, op.to, untilMs);
        if (!op.oneWay) this.#cut(op.to, op.from, untilMs);
        break;
      case 'isolate':
        for (const other of this.nodes.keys()) {
          this.#cut(op.node, other, untilMs);
          this.#cut(other, op.node, untilMs);
        }
        break;
      case 'weather':
        if (this.#network !== undefined) this.#network.conditions = op.conditions;
        this.#weatherUntilMs = untilMs;
        break;
    }
    this.#recut();
    schedule.after(op.ms, () => this.#clear());
  }

  #cut(from: number, to: number, untilMs: number): void {
    const [a, b] = [from, to].map((index) => index % this.nodes.length) as [number, number];
    if (a !== b) this.#cuts.push({ from: a, to: b, untilMs });
  }

  /** What is over is over; what was asked for since goes on. */
  #clear(): void {
    const { nowMs } = this.#around.schedule;
    this.#cuts = this.#cuts.filter(({ untilMs }) => untilMs > nowMs);
    this.#recut();
    if (this.#network === undefined || this.#weatherUntilMs > nowMs || !this.#probes.active) return;
    this.#network.conditions = this.#scenario.network;
  }

  #recut(): void {
    const network = this.#network;
    if (network === undefined) return;
    network.heal();
    for (const { from, to } of this.#cuts) {
      for (const a of this.#node(from).threads) for (const b of this.#node(to).threads) network.cut(`${a}`, `${b}`);
    }
  }

  #node(index: number): SimulatedNode {
    return this.nodes[index % this.nodes.length] as SimulatedNode;
  }
}

/** Who owns a slot is drawn from the seed, and stays: slots of a node that is down wait for it. */
function scattered(seed: number, threads: readonly number[]): Uint16Array {
  const random = new SeededRandom(seed ^ 0x510);
  return Uint16Array.from({ length: SLOTS }, () => random.pick(threads));
}
