/** The world of one run: the machine with its disk, the process that lives and dies on it, and the clients. */
import type { MemberRecord } from '../../../src/storage/ports/records.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import type { WallClock } from '../../../src/testkit/simulation/thread.ts';
import { MemoryRecords } from '../../contract/memory-records.ts';
import { type ClientWorld, SimulatedClient } from './client.ts';
import { SimulatedDisk } from './disk.ts';
import { isExpected } from './expected-failures.ts';
import { LogModel } from './log-model.ts';
import { Oracle, Violation } from './oracle.ts';
import { hashToken, SimulatedProcess } from './process.ts';
import { Sabotage } from './sabotage.ts';
import type { Op, Scenario } from './scenario.ts';
import { Connection, type ConnectionEvents, type Surroundings } from './sockets.ts';
import { openRecords, StoreModel } from './store-model.ts';

const EPOCH_MS = 1_800_000_000_000;

export class World implements ClientWorld {
  readonly schedule: Schedule;
  readonly oracle = new Oracle();
  readonly clients: SimulatedClient[];
  readonly rooms: string[];
  readonly #around: Surroundings;
  readonly #scenario: Scenario;
  readonly #disk: SimulatedDisk;
  readonly #log: LogModel;
  readonly #store: StoreModel;
  readonly #records = new MemoryRecords();
  readonly #clock: WallClock = { epochMs: EPOCH_MS };
  readonly #sabotage = new Sabotage();
  #process: SimulatedProcess;
  #defect: Violation | undefined;

  constructor(scenario: Scenario, around: Surroundings) {
    this.#scenario = scenario;
    this.#around = around;
    this.schedule = around.schedule;
    const { random, schedule } = around;
    this.#disk = new SimulatedDisk({ schedule, random: random.fork(), atOnce: scenario.logAtOnce });
    this.#log = new LogModel(this.#disk);
    this.#log.onDurable = (record) => this.oracle.durable(record);
    this.#store = new StoreModel(this.#disk);
    this.rooms = Array.from({ length: scenario.rooms }, (_, index) => `room-${index}`);
    this.#populate();
    this.#process = this.#makeProcess();
    this.clients = scenario.clients.map(
      (user, index) => new SimulatedClient(`c${index}`, userId(user), tokenOf(user), this, random.fork()),
    );
  }

  get messages(): number {
    return [...this.oracle.rooms()].reduce((sum, room) => sum + this.oracle.headOf(room), 0);
  }

  start(): void {
    this.#boot(this.#process);
    for (const client of this.clients) client.connect();
  }

  everybodyReady(): boolean {
    return this.clients.every((client) => client.ready);
  }

  connect(name: string, events: ConnectionEvents): Connection | undefined {
    if (!this.#process.listening) return undefined;
    return new Connection(name, this.#around.random.pick(this.#process.gates), events, this.#around);
  }

  throwDefect(): void {
    if (this.#defect !== undefined) throw this.#defect;
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

  apply(op: Op): void {
    this.#around.trace.add(this.schedule.nowMs, `== ${JSON.stringify(op)}`);
    switch (op.do) {
      case 'crash':
        return this.#crash(op.downMs);
      case 'stall-thread':
        return this.#stallThread(op.thread, op.ms);
      case 'fail-actor':
        return this.#sabotage.plan(op.kind, op.skip, op.after);
      case 'fail-disk':
        return this.#disk.fail(op.user, op.count);
      case 'slow-disk':
        this.#disk.slowUntilMs = this.schedule.nowMs + op.ms;
        return;
      case 'squeeze-lanes':
        return this.#squeeze(op.bytes, op.ms);
      case 'jump-clock':
        this.#clock.epochMs += op.ms;
        return;
      default:
        return this.#applyToClient(this.clients[op.client % this.clients.length] as SimulatedClient, op);
    }
  }

  /** Ends every fault; clients that are away come back by themselves. */
  heal(): void {
    this.#around.trace.add(this.schedule.nowMs, '== heal');
    this.#disk.heal();
    this.#sabotage.heal();
    for (const thread of this.#process.threads) thread.stalledUntilMs = 0;
    for (const link of this.#process.links) link.capacityBytes = 64 * 1024;
    for (const client of this.clients) if (client.connection) client.connection.toClient.stalledUntilMs = 0;
  }

  #applyToClient(client: SimulatedClient, op: Extract<Op, { readonly client: number }>): void {
    switch (op.do) {
      case 'post':
        for (let count = op.count; count > 0; count--) client.outbox.add(this.#room(op.room));
        return;
      case 'drop':
        return client.drop();
      case 'stall-client':
        if (client.connection) client.connection.toClient.stalledUntilMs = this.schedule.nowMs + op.ms;
        return;
      case 'join':
        return client.join(this.#room(op.room));
      case 'leave':
        return client.leave(this.#room(op.room));
      case 'read':
        return client.read(this.#room(op.room));
      case 'create':
        return client.create([userId(op.with % this.#scenario.users)]);
      case 'direct':
        return client.direct(userId(op.with % this.#scenario.users));
    }
  }

  #crash(downMs: number): void {
    if (!this.#process.alive) return;
    this.#process.crash();
    this.#disk.heal();
    this.#sabotage.heal();
    const next = this.#makeProcess();
    this.#process = next;
    this.schedule.after(downMs, () => this.#boot(next));
  }

  #boot(process: SimulatedProcess): void {
    if (!process.alive) return;
    process.boot().catch((error: unknown) => this.#defective(`[SIM9] the process does not start: ${error}`));
  }

  #stallThread(index: number, ms: number): void {
    const { threads } = this.#process;
    const thread = threads[index % Math.max(1, threads.length)];
    if (thread !== undefined) thread.stalledUntilMs = this.schedule.nowMs + ms;
  }

  #squeeze(bytes: number, ms: number): void {
    const { links } = this.#process;
    for (const link of links) link.capacityBytes = bytes;
    this.schedule.after(ms, () => {
      for (const link of links) link.capacityBytes = 64 * 1024;
    });
  }

  #room(index: number): string {
    return this.rooms[index % this.rooms.length] as string;
  }

  // ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Why the world is not at rest yet; undefined when it is. */
  unsettled(): string | undefined {
    if (!this.#process.listening) return 'the process does not listen';
    for (const client of this.clients) {
      const { name, user, outbox } = client;
      if (!client.ready) return `${name} is not connected`;
      if (outbox.size > 0) return `${name} has ${outbox.size} posts that are not answered`;
      const memberships = new Set(this.#records.membershipsOf(user).map(({ room }) => room));
      for (const room of memberships) {
        const known = client.rooms.get(room);
        const head = this.oracle.headOf(room);
        if (known?.member !== true) return `${name} is a member of ${room} and does not know it`;
        if (known.position !== head) return `${name} has seen ${room} up to ${known.position} of ${head}`;
      }
      for (const [room, { member }] of client.rooms) {
        if (member && !memberships.has(room)) return `${name} believes to be a member of ${room}`;
      }
    }
    if (this.#process.pendingAsks > 0) return `${this.#process.pendingAsks} asks are not answered`;
    if (this.#store.durable.persisted(0) < this.#log.head) return 'the log is not in the store';
    return undefined;
  }

  /** The world is at rest: the store holds the one order of every room, and no bound was passed. */
  checkEnd(): void {
    for (const room of this.oracle.rooms()) this.#checkRoom(room);
    for (const shard of this.#process.shards) {
      for (const { kind, stats } of shard.kinds()) {
        if (stats.mailboxHighWater <= kind.mailbox.capacity) continue;
        throw new Violation('SIM10', `${kind.name} had ${stats.mailboxHighWater} messages in a mailbox`);
      }
    }
  }

  #checkRoom(room: string): void {
    const head = this.oracle.headOf(room);
    const stored = this.#store.durable.head(room).seq;
    if (stored !== head) throw new Violation('SIM1', `the store has ${room} up to ${stored} of ${head}`);
    for (const user of new Set(this.clients.map((client) => client.user))) {
      for (const { seq, nonce } of this.#store.durable.nonces(room, user, 1_000)) {
        const there = this.oracle.nameAt(room, seq);
        if (there === `${user} ${nonce}`) continue;
        throw new Violation('SIM2', `the store has ${user} ${nonce} at ${room} seq ${seq}, where ${there} is`);
      }
    }
  }

  // ── set-up ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #populate(): void {
    const { users, rooms } = this.#scenario;
    const createdAt = EPOCH_MS - 1_000;
    for (let index = 0; index < users; index++) {
      const id = userId(index);
      const username = `user ${index}`;
      this.#records.createUser({ id, username, passwordHash: '', createdAt });
      const token = { userId: id, username, device: 'd', createdAt, expiresAt: EPOCH_MS * 2 };
      this.#records.saveToken({ ...token, tokenHash: hashToken(tokenOf(index)) }, 'device', 8);
    }
    for (let index = 0; index < rooms; index++) {
      const members: { user: string; role: MemberRecord['role'] }[] = [];
      for (let user = 0; user < users; user++) {
        if (user % rooms === index || this.#around.random.chance(0.7))
          members.push({ user: userId(user), role: 'member' });
      }
      const id = this.rooms[index] as string;
      this.#records.createRoom({ id, kind: 'group', title: id, log: `log-${index}`, version: 1, createdAt }, members);
    }
  }

  #makeProcess(): SimulatedProcess {
    const { shards, maxPendingBytes } = this.#scenario;
    return new SimulatedProcess({
      ...this.#around,
      shards,
      maxPendingBytes,
      clock: this.#clock,
      log: this.#log,
      store: this.#store,
      openRecords: (alive) => openRecords(this.#records, this.#disk, alive),
      sabotage: this.#sabotage,
      onDefect: (what) => this.#defective(what),
      onFailure: (actor, error) => {
        if (error instanceof Violation) this.#defect ??= error;
        else if (!isExpected(error))
          this.#defective(`[SIM9] ${actor} failed: ${error instanceof Error ? error.stack : error}`);
      },
    });
  }

  #defective(text: string): void {
    const [, rule = 'SIM9', what = text] = /^\[(\w+)\] (.*)$/s.exec(text) ?? [];
    this.#defect ??= new Violation(rule, what);
  }
}

function userId(index: number): string {
  return `user-${index}`;
}

function tokenOf(user: number): string {
  return `${userId(user)}.0123456789abcdef`;
}
