/** The engine on a set of real back ends of its own, with clients under load that go on through every outage. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { type Account, http, newAccount } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, within } from '../../support/wait.ts';
import { type BackEnds, startBackEnds } from './back-ends.ts';
import { Ledger } from './ledger.ts';
import { LoadClient } from './load-client.ts';

const POSTERS = 4;
const ROOMS = 3;
/** Between two posts of one client: some 65 posts a second in all, which a busy machine takes too. */
const POST_EVERY_MS = 60;
const RSS_EVERY_MS = 250;
/** A start waits for the back ends that it needs; they may have just come back themselves. */
const START_MS = 180_000;

export class World implements AsyncDisposable {
  readonly backEnds: BackEnds;
  readonly ledger = new Ledger();
  readonly port: number;
  /** The rooms of the load, and the users in them. */
  rooms: readonly string[] = [];
  clients: readonly LoadClient[] = [];
  /** Comes and goes, and posts nothing. */
  reader: LoadClient | undefined;
  prober: Account | undefined;
  maxRssBytes = 0;
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'mailroom-outages-data-'));
  readonly #sampler: ReturnType<typeof setInterval>;
  #server: TestServer | undefined;
  #slowable = false;

  private constructor(backEnds: BackEnds, port: number) {
    this.backEnds = backEnds;
    this.port = port;
    this.#sampler = setInterval(() => this.#sample(), RSS_EVERY_MS);
  }

  static async make(): Promise<World> {
    const world = new World(await startBackEnds(), await freePort());
    try {
      await world.start(false);
      await world.#populate();
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the engine has written to its log since it was started. */
  log(): string {
    return this.#server?.errors() ?? '';
  }

  /** Resolves once it listens. `slowable`: it talks to its back ends by way of the proxies. */
  async start(slowable: boolean): Promise<void> {
    this.#slowable = slowable;
    const env = { ...(slowable ? this.backEnds.slowable : this.backEnds.variables), MAILROOM_LOG_PARTITIONS: '4' };
    const starting = startServer({ dataDir: this.#dataDir, port: this.port, env });
    this.#server = await within('the engine to start', starting, START_MS);
  }

  /** As the kernel would. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.kill();
  }

  /** All back ends up, the engine too and with the addresses that are wanted, all clients greeted, posts acknowledged. */
  async settle(slowable: boolean): Promise<void> {
    await this.backEnds.restore();
    if (this.#server !== undefined && slowable !== this.#slowable) {
      await this.#server.stop();
      this.#server = undefined;
    }
    if (this.#server === undefined) await this.start(slowable);
    for (const client of this.clients) client.post(true);
    const before = this.ledger.acknowledged.length;
    await eventually(
      'posts to be acknowledged',
      () => this.ledger.acknowledged.length - before,
      (count) => count >= 50,
      120_000,
    );
  }

  /** No new posts; resolves once every pending one has its place and everybody has read everything. */
  async drain(): Promise<void> {
    for (const client of this.clients) client.post(false);
    await eventually(
      'every post to be acknowledged',
      () => this.clients.map((client) => client.pending),
      (pending) => pending.every((count) => count === 0),
      120_000,
    );
    const heads = new Map<string, number>();
    for (const { room, seq } of this.ledger.acknowledged) heads.set(room, Math.max(heads.get(room) ?? 0, seq));
    await eventually(
      'everybody to have read everything',
      () => [...heads].flatMap(([room, seq]) => this.#everybody.map((client) => client.seen(room) - seq)),
      (behind) => behind.every((count) => count === 0),
      120_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sampler);
    for (const client of this.#everybody) await client.end();
    await this.kill();
    await this.backEnds[Symbol.asyncDispose]();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  get #everybody(): readonly LoadClient[] {
    return this.reader === undefined ? this.clients : [...this.clients, this.reader];
  }

  async #populate(): Promise<void> {
    const names = [...Array.from({ length: POSTERS }, (_, index) => `poster${index}`), 'reader', 'prober'];
    const accounts: Account[] = [];
    for (const name of names) accounts.push(await newAccount(this.url, name));
    const prober = accounts.pop() as Account;
    using owner = await RawClient.greet(this.url, prober.token);
    const rooms: string[] = [];
    for (let index = 0; index < ROOMS; index += 1) {
      const { room } = await owner.ok('rooms.create', { title: `${index}`, members: accounts.map(({ id }) => id) });
      rooms.push(room);
    }
    const client = (account: Account, everyMs: number): LoadClient =>
      new LoadClient({ account, rooms, everyMs, url: () => this.url, ledger: this.ledger });
    this.rooms = rooms;
    this.prober = prober;
    this.reader = client(accounts.pop() as Account, 0);
    this.clients = accounts.map((account) => client(account, POST_EVERY_MS));
  }

  #sample(): void {
    if (this.#server === undefined) return;
    try {
      const status = readFileSync(`/proc/${this.#server.pid}/status`, 'utf8');
      const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
      this.maxRssBytes = Math.max(this.maxRssBytes, kilobytes * 1_024);
    } catch (error) {
      // It was killed a moment ago, and has no entry any more.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** The states of all back ends as the engine tells them, by name. */
export async function backEndStates(url: string): Promise<Readonly<Record<string, string>>> {
  const { json } = await http(url, 'GET', '/readyz');
  const states = json.backEnds as readonly { readonly name: string; readonly state: string }[];
  return Object.fromEntries(states.map(({ name, state }) => [name, state]));
}
