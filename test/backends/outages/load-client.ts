/** A client under steady load that behaves as clients should: it comes back, resumes, and repeats when it was told it may. */
import type { RpcReply } from '../../../src/protocol/envelope.ts';
import type { Fault } from '../../../src/protocol/faults.ts';
import { encode } from '../../../src/protocol/frames/rpc.ts';
import type { Gap, Message } from '../../../src/protocol/types.ts';
import { LeanSocket } from '../../integration/durability/lean-socket.ts';
import type { Account } from '../../support/http.ts';
import type { Ledger } from './ledger.ts';
import { RoomLane } from './room-lane.ts';

/** Every request is answered within its deadline, the longest of which is 10 s, and this much more on a busy machine. */
export const ANSWER_MS = 30_000;
/** Pause before another attempt to connect. */
const RECONNECT_MS = 300;

export interface LoadClientOptions {
  readonly account: Account;
  readonly rooms: readonly string[];
  /** Between two posts; 0 for one that only reads. */
  readonly everyMs: number;
  /** Where the engine listens, now. */
  readonly url: () => string;
  readonly ledger: Ledger;
}

interface Asked {
  readonly method: string;
  readonly sentMs: number;
  readonly onAnswer: (fault: Fault | null, result: unknown) => void;
}

export class LoadClient {
  readonly #options: LoadClientOptions;
  readonly #lanes = new Map<string, RoomLane>();
  readonly #order: readonly RoomLane[];
  readonly #asked = new Map<number, Asked>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #running: Promise<void>;
  #socket: LeanSocket | undefined;
  #greeted = false;
  #greetings = 0;
  #ids = 0;
  #turn = 0;
  #posting = false;
  #ended = false;

  constructor(options: LoadClientOptions) {
    this.#options = options;
    const { account, ledger, rooms, everyMs } = options;
    for (const room of rooms) {
      const lane = new RoomLane({
        room,
        name: account.username,
        user: account.id,
        ledger,
        ask: (method, params, onAnswer) => this.#ask(method, params, onAnswer),
        after: (delayMs, then) => void setTimeout(then, delayMs),
        isReady: () => this.#greeted && this.#socket?.isOpen === true,
      });
      this.#lanes.set(room, lane);
    }
    this.#order = [...this.#lanes.values()];
    this.#timer = setInterval(() => this.#tick(), everyMs === 0 ? 1_000 : everyMs);
    this.#running = this.#run();
  }

  get pending(): number {
    return this.#order.reduce((sum, lane) => sum + lane.pending, 0);
  }

  /** How many hellos were accepted so far. */
  get greetings(): number {
    return this.#greetings;
  }

  seen(room: string): number {
    return this.#lanes.get(room)?.seen ?? 0;
  }

  /** Makes new posts from now on, or none. What is pending goes on in any case. */
  post(posting: boolean): void {
    this.#posting = posting && this.#options.everyMs > 0;
  }

  /** Loses its connection, as anybody may at any time. */
  vanish(): void {
    this.#socket?.drop();
  }

  async end(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#socket?.drop();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#ended) {
      const socket = await LeanSocket.open(this.#options.url(), (reply) => this.#received(reply)).catch(
        () => undefined,
      );
      if (socket === undefined) {
        await Bun.sleep(RECONNECT_MS);
        continue;
      }
      this.#socket = socket;
      this.#asked.clear();
      this.#hello(socket);
      await socket.closed;
      this.#greeted = false;
      await Bun.sleep(RECONNECT_MS);
    }
  }

  #hello(socket: LeanSocket): void {
    const { account, ledger } = this.#options;
    const resume = Object.fromEntries([...this.#lanes].map(([room, lane]) => [room, lane.seen]));
    // Before the answer nothing of a room comes, so that the lanes begin anew here.
    for (const lane of this.#order) lane.restart();
    this.#ask('hello', { token: account.token, resume }, (fault) => {
      if (fault === null) {
        this.#greeted = true;
        this.#greetings += 1;
        for (const lane of this.#order) lane.pump();
        return;
      }
      const right = (fault.code === 'unavailable' || fault.code === 'overloaded') && (fault.retryAfter ?? 0) > 0;
      if (!right) ledger.broken.push(`${account.username} was not greeted: ${fault.code}: ${fault.message}`);
      setTimeout(() => this.#socket === socket && socket.isOpen && this.#hello(socket), fault.retryAfter ?? 1_000);
    });
  }

  #tick(): void {
    const { account, ledger } = this.#options;
    const now = performance.now();
    for (const [id, { method, sentMs }] of this.#asked) {
      if (now - sentMs < ANSWER_MS || this.#socket?.isOpen !== true) continue;
      this.#asked.delete(id);
      ledger.answered(now - sentMs);
      ledger.broken.push(`${account.username}: no answer to ${method} within ${ANSWER_MS} ms`);
    }
    if (!this.#posting) return;
    this.#turn += 1;
    this.#order[this.#turn % this.#order.length]?.make();
  }

  #ask(method: string, params: unknown, onAnswer: Asked['onAnswer']): void {
    const socket = this.#socket;
    if (socket?.isOpen !== true || (!this.#greeted && method !== 'hello')) return;
    this.#ids += 1;
    this.#asked.set(this.#ids, { method, sentMs: performance.now(), onAnswer });
    socket.send([encode([0, this.#ids, method, [params]])]);
  }

  #received(reply: RpcReply): void {
    if (reply.type === 'notification') return this.#notified(reply.method, reply.params);
    const asked = this.#asked.get(reply.id);
    if (asked === undefined) return;
    this.#asked.delete(reply.id);
    this.#options.ledger.answered(performance.now() - asked.sentMs);
    asked.onAnswer(reply.fault, reply.result);
  }

  #notified(method: string, params: unknown): void {
    const { account, ledger } = this.#options;
    const lane = this.#lanes.get((params as { room?: string }).room ?? '');
    if (method === 'message') lane?.arrived(params as Message);
    else if (method === 'gap') lane?.fetchUpTo((params as Gap).to);
    else if (method === 'room') {
      // A room that could not be entered at the hello is announced once it is: what was missed is fetched.
      const { event, user, seq } = params as { event: string; user: string; seq?: number };
      if (event === 'joined' && user === account.id && seq !== undefined) lane?.fetchUpTo(seq);
    } else if (method === 'kicked') ledger.broken.push(`${account.username} was kicked`);
  }
}
