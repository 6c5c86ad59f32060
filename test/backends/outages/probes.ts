/** What must go on during an outage, and what must be refused in time: the columns of the outage table. */
import type { Fault } from '../../../src/protocol/faults.ts';
import { openPool } from '../../../src/storage/mysql/pool.ts';
import { type Account, http, newAccount, PASSWORD } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { eventually } from '../../support/wait.ts';
import type { Target } from './back-ends.ts';
import { bodyOf } from './ledger.ts';
import { ANSWER_MS } from './load-client.ts';
import type { World } from './world.ts';

/** Requests over HTTP have 15 s, and this much more on a busy machine. */
const HTTP_ANSWER_MS = 35_000;

/** - `works`: it is done. - `refused`: `unavailable` with `retryAfter`. - `either`: a slow back end may do or not. */
type Expected = 'works' | 'refused' | 'either';

/** What was wrong, in words; an empty list is right. */
export type Problems = string[];

interface Outcome {
  readonly fault: Pick<Fault, 'code' | 'message' | 'retryAfter'> | null;
}

/** A socket and accounts from before the outage, whose posts and tokens the probes use. */
export class Prober implements Disposable {
  readonly #world: World;
  readonly #client: RawClient;
  readonly #account: Account;
  readonly #spare: Account;
  readonly #room: string;
  /** One that nobody has opened since it was made. */
  readonly #closedRoom: string;
  readonly #nonce = `probe.${crypto.randomUUID()}`;
  readonly problems: Problems = [];

  private constructor(world: World, client: RawClient, spare: Account, room: string, closedRoom: string) {
    this.#world = world;
    this.#client = client;
    this.#account = world.prober as Account;
    this.#spare = spare;
    this.#room = room;
    this.#closedRoom = closedRoom;
  }

  static async make(world: World): Promise<Prober> {
    const spare = await newAccount(world.url, newName('spare'));
    const client = await RawClient.greet(world.url, world.prober?.token ?? '');
    const { room } = await client.ok('rooms.create', { title: 'of the probes' });
    return new Prober(world, client, spare, room, await makeClosedRoom(world));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  /** Resolves once all have their answer, right or wrong. */
  async during(target: Target, isSlow: boolean): Promise<void> {
    const log: Expected = target === 'rabbitmq' && !isSlow ? 'refused' : 'works';
    const records: Expected = target === 'mysql-primary' ? (isSlow ? 'either' : 'refused') : 'works';
    // A room that is not open yet waits until the store has what the log holds of its partition.
    const opening: Expected = log === 'refused' ? 'either' : records;
    const username = newName('during');
    const body = { username, password: PASSWORD };
    const token = this.#spare.token;
    await Promise.all([
      this.#socket('works', 'ping', {}),
      this.#socket('works', 'messages.history', { room: this.#world.rooms[0], limit: 20 }),
      this.#http('works', 'GET', '/healthz', {}),
      this.#http('works', 'GET', '/v1/me', { token: this.#account.token }),
      this.#socket(log, 'messages.post', { room: this.#room, nonce: this.#nonce, body: bodyOf(this.#nonce) }),
      this.#http(records, 'POST', '/v1/register', { body }),
      this.#http(records, 'POST', '/v1/login', { body: { ...body, username: this.#account.username } }),
      this.#http(records, 'POST', '/v1/logout', { token }),
      this.#socket(opening, 'rooms.create', { title: 'during' }),
      this.#socket(records, 'rooms.invite', { room: this.#room, user: this.#spare.id }),
      this.#socket(opening, 'messages.history', { room: this.#closedRoom }),
    ]);
  }

  /** Resolves once everything works again: the post of the outage is answered, once, and whatever needed the records does. */
  async after(): Promise<void> {
    await eventually(
      'accounts to be made again',
      async () => {
        const body = { username: newName('after'), password: PASSWORD };
        return (await http(this.#world.url, 'POST', '/v1/register', { body })).status;
      },
      (status) => status === 201,
    );
    using client = await RawClient.greet(this.#world.url, this.#account.token);
    const again = async (method: string, params: unknown): Promise<unknown> => {
      const { result } = await eventually(
        `${method} to work again`,
        () => client.ask(method, params),
        ({ fault }) => fault === null,
      );
      return result;
    };
    await again('rooms.create', { title: 'after' });
    const post = { room: this.#room, nonce: this.#nonce, body: bodyOf(this.#nonce) };
    const first = (await again('messages.post', post)) as { seq: number };
    const second = await client.ok('messages.post', post);
    const { messages } = await client.ok('messages.history', { room: this.#room, after: 0 });
    const told = JSON.stringify([first.seq, second.seq, messages.map(({ seq, nonce }) => [seq, nonce])]);
    const right = JSON.stringify([1, 1, [[1, this.#nonce]]]);
    if (told !== right) this.problems.push(`the post of the outage: ${told}, not ${right}`);
  }

  async #socket(expected: Expected, method: string, params: unknown): Promise<void> {
    await this.#timed(expected, method, ANSWER_MS, () => this.#client.ask(method, params));
  }

  async #http(expected: Expected, method: string, path: string, call: Parameters<typeof http>[3]): Promise<void> {
    await this.#timed(expected, `${method} ${path}`, HTTP_ANSWER_MS, async () => {
      const { status, json, text } = await http(this.#world.url, method, path, call);
      if (status < 400) return { fault: null };
      return { fault: { code: json?.code ?? `status ${status}`, message: text, retryAfter: json?.retryAfter } };
    });
  }

  async #timed(expected: Expected, what: string, limitMs: number, ask: () => Promise<Outcome>): Promise<void> {
    const begunMs = performance.now();
    let told: string;
    try {
      const { fault } = await ask();
      told = outcomeOf(fault);
    } catch (error) {
      told = `failed: ${error instanceof Error ? error.message : error}`;
    }
    const tookMs = performance.now() - begunMs;
    this.#world.ledger.answered(tookMs);
    const right = expected === 'either' ? told === 'works' || told === 'refused' : told === expected;
    if (!right) this.problems.push(`${what}: ${told} after ${Math.round(tookMs)} ms, not ${expected}`);
    if (tookMs > limitMs) this.problems.push(`${what}: answered only after ${Math.round(tookMs)} ms`);
  }
}

/** A room of the prober's that the engine has no actor of, as after an hour in which nobody used it. */
async function makeClosedRoom({ backEnds, prober }: World): Promise<string> {
  const room = newName('closed');
  const pool = openPool(backEnds.variables.MAILROOM_MYSQL_URL ?? '', { maxConnections: 1, queryMs: 30_000 });
  try {
    const record = 'INSERT INTO rooms (id, kind, title, log, version, created_at) VALUES (?, ?, ?, ?, 1, ?)';
    await pool.run(record, [room, 'group', 'closed', room, Date.now()]);
    const member = 'INSERT INTO room_member (room, user, role, read_seq, joined_version) VALUES (?, ?, ?, 0, 1)';
    await pool.run(member, [room, prober?.id ?? '', 'owner']);
  } finally {
    await pool.close();
  }
  return room;
}

function outcomeOf(fault: Outcome['fault']): string {
  if (fault === null) return 'works';
  if (fault.code === 'unavailable' && (fault.retryAfter ?? 0) > 0) return 'refused';
  return `${fault.code} ${fault.message}, retryAfter ${fault.retryAfter}`;
}

function newName(prefix: string): string {
  return `${prefix}${crypto.randomUUID().replaceAll('-', '').slice(0, 16)}`;
}
