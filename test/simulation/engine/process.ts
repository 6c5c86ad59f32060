/** One simulated process: the production actors on simulated threads, put together as `src/app` puts them together. */
import { fanout } from '../../../src/actors/fanout/fanout.ts';
import { fanoutKind } from '../../../src/actors/fanout/messages.ts';
import { personKind } from '../../../src/actors/person/messages.ts';
import { person } from '../../../src/actors/person/person.ts';
import type { PresenceBook } from '../../../src/actors/presence/book.ts';
import { presenceKind } from '../../../src/actors/presence/messages.ts';
import { presence } from '../../../src/actors/presence/presence.ts';
import { type Ledger, ledgerActor, ledgerKind } from '../../../src/actors/room/ledger.ts';
import { roomKind } from '../../../src/actors/room/messages.ts';
import { room } from '../../../src/actors/room/room.ts';
import { sessionKind } from '../../../src/actors/session/messages.ts';
import { session } from '../../../src/actors/session/session.ts';
import { governanceKind } from '../../../src/actors/storage/governance.ts';
import { logWriter } from '../../../src/actors/storage/log-writer.ts';
import { logWriterKind } from '../../../src/actors/storage/log-writer-messages.ts';
import { messageReader, messageReaderKind } from '../../../src/actors/storage/message-reader.ts';
import { peopleKind } from '../../../src/actors/storage/people.ts';
import { drainLog, Lag, persister, persisterKind } from '../../../src/actors/storage/persister.ts';
import { portActor } from '../../../src/actors/storage/port-actor.ts';
import { reading, readingKind } from '../../../src/actors/storage/reading.ts';
import { records, recordsKind } from '../../../src/actors/storage/records.ts';
import { watermark, watermarkKind, watermarks } from '../../../src/actors/storage/watermark.ts';
import { userKind } from '../../../src/actors/user/messages.ts';
import { user } from '../../../src/actors/user/user.ts';
import { laneCodec } from '../../../src/app/lane-codec.ts';
import type { Behaviour, Kind } from '../../../src/runtime/kind.ts';
import { nodeOf, type Placement, pinnedId, threadNumber } from '../../../src/runtime/placement.ts';
import { Shard } from '../../../src/runtime/shard.ts';
import type { NewDeadLetter } from '../../../src/storage/ports/dead-letters.ts';
import type { Governance } from '../../../src/storage/ports/governance.ts';
import { decodeLogRecord } from '../../../src/storage/ports/log-record.ts';
import type { People } from '../../../src/storage/ports/people.ts';
import type { Records } from '../../../src/storage/ports/records.ts';
import { SimulatedLink } from '../../../src/testkit/simulation/link.ts';
import type { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import { SimulatedThread, type WallClock } from '../../../src/testkit/simulation/thread.ts';
import { MemoryPeople } from '../../contract/memory-people.ts';
import { MemoryReading } from '../../contract/memory-reading.ts';
import type { LeaseWatch } from './lease-watch.ts';
import type { LogModel } from './log-model.ts';
import type { NodeLinks } from './node-links.ts';
import { type ProbeLog, probe, probeKind } from './probe.ts';
import type { Sabotage } from './sabotage.ts';
import { SimulatedGate, type Surroundings } from './sockets.ts';
import type { StoreModel } from './store-model.ts';

export interface ProcessOptions extends Surroundings {
  /** Number of the node that it runs on. */
  readonly node: number;
  /** Which start of the node it is, from 1. */
  readonly start: number;
  /** Of all nodes. */
  readonly slotOwners: Uint16Array;
  /** Undefined where the node is alone. */
  readonly links: NodeLinks | undefined;
  readonly probes: { readonly log: ProbeLog; readonly peers: readonly number[] } | undefined;
  readonly shards: number;
  readonly clock: WallClock;
  readonly log: LogModel;
  readonly store: StoreModel;
  readonly openRecords: (alive: () => boolean) => Records;
  readonly openGovernance: (alive: () => boolean) => Governance;
  readonly sabotage: Sabotage;
  readonly watch: LeaseWatch;
  readonly maxPendingBytes: number;
  /** Something that must never happen has happened. */
  readonly onDefect: (what: string) => void;
  /** An actor failed: expected where the simulation made it fail. */
  readonly onFailure: (actor: string, error: unknown) => void;
}

const RING_BYTES = 64 * 1024;
const LIMITS_OF_ROOMS = { maxMembers: 1_000, maxRoomsPerUser: 1_000 };
const TAIL = { maxMessages: 12, maxBytes: 4 * 1024 };
const WINDOWS = { editMs: Number.MAX_SAFE_INTEGER, recallMs: Number.MAX_SAFE_INTEGER };
const MAX_REPLAY = 12;
const TOKEN_TTL_MS = 1_000 * 86_400_000;
const MAX_BATCH_BYTES = 4 * 1024;
const LINGER_MS = 25;
/** Other nodes may still speak to sockets of an earlier start: no later one has their numbers. */
const SOCKETS_PER_START = 2 ** 32;

export class SimulatedProcess {
  readonly threads: SimulatedThread[] = [];
  readonly shards: Shard[] = [];
  readonly gates: SimulatedGate[] = [];
  readonly links: SimulatedLink[] = [];
  alive = true;
  /** Sockets may come. */
  listening = false;
  readonly #options: ProcessOptions;
  readonly #random: SeededRandom;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#random = options.random.fork();
  }

  /** Starts the threads in the order of production: the log is emptied before rooms open. */
  async boot(): Promise<void> {
    const { log, store, shards, openRecords, openGovernance } = this.#options;
    const alive = (): boolean => this.alive;
    const writer = store.openWriter(alive);
    const reader = log.openReader();
    const drain = {
      partition: 0,
      log: reader,
      store: writer,
      maxBatchBytes: MAX_BATCH_BYTES,
      putAside: this.#putAside,
      wallMs: () => 0,
    };
    const position = await drainLog(drain);
    if (!this.alive) return;
    const epoch = await writer.claimEpoch();
    await reader.trim(position);
    this.#makeThreads();
    const [logThread, persisterThread, recordsThread] = this.shards.slice(shards) as [Shard, Shard, Shard];
    const threads = this.shards.slice(0, shards).map((shard) => shard.thread);
    this.#register(
      persisterThread,
      persisterKind,
      persister(() => ({ ...drain, threads, lag: new Lag(), lingerMs: LINGER_MS, onPaused: () => undefined })),
    );
    this.#register(recordsThread, recordsKind, records(openRecords(alive)));
    this.#register(recordsThread, readingKind, reading(new MemoryReading()));
    this.#register(recordsThread, governanceKind, portActor(openGovernance(alive)));
    this.#register(recordsThread, peopleKind, portActor<People>(new MemoryPeople(() => [])));
    this.#register(recordsThread, messageReaderKind, messageReader(store.openReader()));
    const logPartition = log.openWriter({ epoch, slots: this.#slots() }, position);
    this.#register(
      logThread,
      logWriterKind,
      logWriter([logPartition], () => true),
    );
    for (const [index, shard] of this.shards.slice(0, shards).entries()) {
      this.#registerShard(shard, this.threads[index] as SimulatedThread, epoch);
    }
    this.#options.links?.greet();
    this.listening = true;
  }

  /** Every thread is gone at once; what is durable stays. */
  crash(): void {
    this.alive = false;
    this.listening = false;
    for (const thread of this.threads) thread.alive = false;
    for (const gate of this.gates) gate.resetAll();
    this.#options.links?.leave();
    this.#options.log.crash();
  }

  /** Runs something on one of the shards, in a turn of its thread. */
  onShard(index: number, what: string, run: (shard: Shard) => void): void {
    const place = index % this.#options.shards;
    const shard = this.shards[place] as Shard;
    this.threads[place]?.turn(0.01, what, () => run(shard));
  }

  get pendingAsks(): number {
    return this.shards.reduce((sum, shard) => sum + shard.pendingAsks, 0);
  }

  readonly #putAside = (letters: readonly NewDeadLetter[]): void => {
    for (const { bytes, reason } of letters) {
      const { room, seq } = decodeLogRecord(bytes);
      this.#options.onDefect(`[SIM2] the store refuses ${room} seq ${seq}: ${reason}`);
    }
  };

  #makeThreads(): void {
    const { node, shards, slotOwners, clock, schedule, trace, links } = this.#options;
    const names = [...Array.from({ length: shards }, (_, index) => `shard-${index}`), 'log', 'persister', 'records'];
    const services = {
      'log-writer': threadNumber(node, shards),
      persister: threadNumber(node, shards + 1),
      records: threadNumber(node, shards + 2),
      reading: threadNumber(node, shards + 2),
      governance: threadNumber(node, shards + 2),
      'message-reader': threadNumber(node, shards + 2),
      people: threadNumber(node, shards + 2),
    };
    for (const [index, role] of names.entries()) {
      const name = links === undefined ? role : `n${node}/${role}`;
      const thread = new SimulatedThread({ name, schedule, random: this.#random.fork(), clock, trace });
      this.threads.push(thread);
      this.shards.push(this.#makeShard(threadNumber(node, index), thread, { slotOwners, services }));
    }
    for (let a = 0; a < names.length; a++) for (let b = a + 1; b < names.length; b++) this.#connect(a, b);
  }

  #makeShard(number: number, thread: SimulatedThread, placement: Placement): Shard {
    const { schedule, trace, maxPendingBytes, onFailure } = this.#options;
    return new Shard({
      thread: number,
      host: thread,
      log: {
        warn: () => undefined,
        error: (text, fields) => {
          trace.add(schedule.nowMs, `${thread.name} ${text}: ${fields.actor} ${String(fields.error)}`);
          onFailure(String(fields.actor ?? text), fields.error);
        },
      },
      placement,
      codec: laneCodec,
      maxPendingBytes,
    });
  }

  #connect(a: number, b: number): void {
    const there = this.#link(a, b);
    const back = this.#link(b, a);
    const [one, other] = [this.shards[a], this.shards[b]] as [Shard, Shard];
    one.connect(other.thread, there, back);
    other.connect(one.thread, back, there);
  }

  #link(from: number, to: number): SimulatedLink {
    const { schedule, trace } = this.#options;
    const random = this.#random;
    const wake = (thread: number): void => {
      this.threads[thread]?.turn(random.between(0.005, 0.1), 'bell', (this.shards[thread] as Shard).wake);
    };
    const link = new SimulatedLink({
      schedule,
      capacityBytes: RING_BYTES,
      latencyMs: () => (random.chance(0.02) ? random.between(1, 15) : random.between(0.002, 0.3)),
      wakeReader: () => wake(to),
      wakeWriter: () => wake(from),
      onArrival: (bytes) => {
        trace.add(
          schedule.nowMs,
          `lane ${this.#nameOf(from)}>${this.#nameOf(to)} ${bytes.length} bytes ${Bun.hash.crc32(bytes).toString(16)}`,
        );
      },
    });
    this.links.push(link);
    return link;
  }

  /** The slots that live on this node. */
  #slots(): number[] {
    const { node, slotOwners } = this.#options;
    return [...slotOwners.keys()].filter((slot) => nodeOf(slotOwners[slot] as number) === node);
  }

  #nameOf(index: number): number | string {
    return this.#options.links === undefined ? index : `n${this.#options.node}/${index}`;
  }

  #registerShard(shard: Shard, thread: SimulatedThread, epoch: number): void {
    const { links, start } = this.#options;
    const gate = new SimulatedGate(shard, thread, links === undefined ? 1 : start * SOCKETS_PER_START + 1);
    this.gates.push(gate);
    const ledger: Ledger = new Map();
    const gauges = watermarks(1);
    this.#register(shard, watermarkKind, watermark(gauges));
    this.#register(shard, ledgerKind, ledgerActor(ledger));
    this.#register(
      shard,
      roomKind,
      room({
        ledger,
        homes: { epoch, watermarks: gauges },
        tail: TAIL,
        windows: WINDOWS,
        receiptsUpTo: 100,
        limits: LIMITS_OF_ROOMS,
      }),
    );
    this.#register(shard, fanoutKind, fanout({ sockets: gate, maxReplay: MAX_REPLAY }));
    this.#register(shard, sessionKind, session({ sockets: gate, rate: undefined, hashToken }));
    const book: PresenceBook = new Map();
    this.#register(shard, personKind, person(book));
    this.#register(shard, presenceKind, presence({ sockets: gate, book, mirrored: false }));
    this.#register(
      shard,
      userKind,
      user({ policy: 'device', tokenTtlMs: TOKEN_TTL_MS, maxTokens: 32, maxSockets: 64 }),
    );
    // The fan-out renews leases from now on, joined or not, as in production.
    shard.tell(shard.ref(fanoutKind, pinnedId(shard.thread, 0)), { type: 'lease-answer', differing: [] });
    this.#linkShard(shard, thread);
  }

  #linkShard(shard: Shard, thread: SimulatedThread): void {
    const { links, probes, start } = this.#options;
    links?.add(shard, thread);
    if (probes === undefined) return;
    shard.register(probeKind, probe(probes.log, start, probes.peers));
    const own = shard.ref(probeKind, pinnedId(shard.thread, 0));
    shard.tell(own, { type: 'question', text: 'begin' });
  }

  #register<M>(shard: Shard, kind: Kind<M>, behaviour: Behaviour<M>): void {
    const { sabotage, watch } = this.#options;
    shard.register(kind, watch.behaviour(shard.thread, kind.name, sabotage.behaviour(kind.name, behaviour)));
  }
}

/** Tokens are not what is tested here: a name for each is enough. */
export function hashToken(token: string): string {
  return `hash of ${token}`;
}
