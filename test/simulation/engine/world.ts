/** The world of one run: the nodes, the network between them, and the clients. */

import { decodeLogRecord } from '../../../src/storage/ports/log-record.ts';
import type { MemberRecord } from '../../../src/storage/ports/records.ts';
import { SeededRandom } from '../../../src/testkit/simulation/random.ts';
import type { Schedule } from '../../../src/testkit/simulation/schedule.ts';
import { MemoryGovernance } from '../../contract/memory-governance.ts';
import { MemoryRecords } from '../../contract/memory-records.ts';
import { type ClientWorld, SimulatedClient } from './client.ts';
import { Cluster } from './cluster.ts';
import { isExpected } from './expected-failures.ts';
import { firstToken, Logins } from './logins.ts';
import { Oracle, Violation } from './oracle.ts';
import { hashToken } from './process.ts';
import type { ClientOp, Op, Scenario } from './scenario.ts';
import { Connection, type ConnectionEvents, type Surroundings } from './sockets.ts';

const EPOCH_MS = 1_800_000_000_000;

export class World implements ClientWorld {
  readonly schedule: Schedule;
  readonly oracle = new Oracle();
  readonly clients: SimulatedClient[];
  readonly rooms: string[];
  readonly logins: Logins;
  readonly #around: Surroundings;
  readonly #scenario: Scenario;
  readonly #records = new MemoryRecords();
  readonly #governance = new MemoryGovernance(this.#records);
  readonly #cluster: Cluster;
  #defect: Violation | undefined;

  constructor(scenario: Scenario, around: Surroundings) {
    this.#scenario = scenario;
    this.#around = around;
    this.schedule = around.schedule;
    this.#cluster = this.#makeCluster();
    this.logins = new Logins(this.schedule, this.#cluster, new SeededRandom(scenario.seed ^ 0x106));
    this.rooms = Array.from({ length: scenario.rooms }, (_, index) => `room-${index}`);
    this.#populate();
    for (const node of this.#cluster.nodes) node.prepare();
    const { random } = around;
    this.clients = scenario.clients.map(
      (user, index) => new SimulatedClient(`c${index}`, userId(user), this, random.fork()),
    );
  }

  get messages(): number {
    return [...this.oracle.rooms()].reduce((sum, room) => sum + this.oracle.headOf(room), 0);
  }

  start(): void {
    for (const node of this.#cluster.nodes) node.boot();
    for (const client of this.clients) client.connect();
  }

  everybodyReady(): boolean {
    return this.clients.every((client) => client.ready);
  }

  connect(name: string, events: ConnectionEvents): Connection | undefined {
    const { gates } = this.#cluster;
    if (gates.length === 0) return undefined;
    return new Connection(name, this.#around.random.pick(gates), events, this.#around);
  }

  throwDefect(): void {
    if (this.#defect !== undefined) throw this.#defect;
  }

  // ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────────

  apply(op: Op): void {
    this.#around.trace.add(this.schedule.nowMs, `== ${JSON.stringify(op)}`);
    switch (op.do) {
      case 'crash':
      case 'stall-thread':
      case 'fail-actor':
      case 'fail-disk':
      case 'slow-disk':
      case 'squeeze-lanes':
      case 'jump-clock':
        return this.#cluster.applyToMachine(op);
      case 'cut':
      case 'isolate':
      case 'weather':
        return this.#cluster.applyToNetwork(op);
      default:
        return this.#applyToClient(this.clients[op.client % this.clients.length] as SimulatedClient, op);
    }
  }

  /** Ends every fault; clients that are away come back by themselves. */
  heal(): void {
    this.#around.trace.add(this.schedule.nowMs, '== heal');
    this.#cluster.heal();
    for (const client of this.clients) if (client.connection) client.connection.toClient.stalledUntilMs = 0;
  }

  #applyToClient(client: SimulatedClient, op: ClientOp): void {
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
      case 'login':
        return this.logins.login(client.user);
    }
  }

  #room(index: number): string {
    return this.rooms[index % this.rooms.length] as string;
  }

  // ── what must hold ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Why the world is not at rest yet; undefined when it is. */
  unsettled(): string | undefined {
    const unsettled = this.#cluster.unsettled();
    if (unsettled !== undefined) return unsettled;
    const login = this.logins.unsettled();
    if (login !== undefined) return login;
    for (const client of this.clients) {
      const { name, user, outbox } = client;
      if (!client.ready) return `${name} is not connected`;
      if (client.token !== this.logins.tokenOf(user)) return `${name} has a socket that stands on a dead token`;
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
    return undefined;
  }

  /** The world is at rest: the store holds the one order of every room, and no bound was passed. */
  checkEnd(): void {
    for (const room of this.oracle.rooms()) this.#checkRoom(room);
    for (const shard of this.#cluster.nodes.flatMap(({ process }) => process.shards)) {
      for (const { kind, stats } of shard.kinds()) {
        if (stats.mailboxHighWater <= kind.mailbox.capacity) continue;
        throw new Violation('SIM10', `${kind.name} had ${stats.mailboxHighWater} messages in a mailbox`);
      }
    }
  }

  #checkRoom(room: string): void {
    const head = this.oracle.headOf(room);
    const { durable } = this.#cluster.homeOf(room).store;
    const stored = durable.head(room).seq;
    if (stored !== head) throw new Violation('SIM1', `the store has ${room} up to ${stored} of ${head}`);
    for (const user of new Set(this.clients.map((client) => client.user))) {
      for (const { seq, nonce } of durable.nonces(room, user, 1_000)) {
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
      this.#records.saveToken({ ...token, tokenHash: hashToken(firstToken(id)) }, 'device', 8);
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

  #makeCluster(): Cluster {
    const cluster = new Cluster({
      ...this.#around,
      scenario: this.#scenario,
      epochMs: EPOCH_MS,
      records: this.#records,
      governance: this.#governance,
      onDefect: (what) => this.#defective(what),
      onFailure: (actor, error) => {
        if (error instanceof Violation) this.#defect ??= error;
        else if (!isExpected(error))
          this.#defective(`[SIM9] ${actor} failed: ${error instanceof Error ? error.stack : error}`);
      },
    });
    for (const node of cluster.nodes) {
      node.log.onDurable = (bytes) => {
        const { room } = decodeLogRecord(bytes);
        if (cluster.homeOf(room) !== node)
          throw new Violation('SIM2', `${room} is in the log of a node that is not its`);
        this.oracle.durable(bytes);
      };
    }
    return cluster;
  }

  #defective(text: string): void {
    const [, rule = 'SIM9', what = text] = /^\[(\w+)\] (.*)$/s.exec(text) ?? [];
    this.#defect ??= new Violation(rule, what);
  }
}

function userId(index: number): string {
  return `user-${index}`;
}
