/** A socket to a running engine with nothing in between: what is sent is what was given, and all that comes is kept. */
import { decodeReplies, type RpcReply } from '../../src/protocol/envelope.ts';
import type { Fault } from '../../src/protocol/faults.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { concat, encode } from '../../src/protocol/frames/rpc.ts';
import type {
  HelloParams,
  HelloResult,
  Message,
  Method,
  NotificationName,
  NotificationParams,
  ParamsOf,
  ResultOf,
} from '../../src/protocol/types.ts';
import { Watchers, within } from './wait.ts';

export interface Notification {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface CloseEventFacts {
  readonly code: number;
  readonly reason: string;
}

export interface OpenOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
}

interface Answer {
  readonly fault: Fault | null;
  readonly result: unknown;
}

export class RawClient implements Disposable {
  readonly socket: WebSocket;
  /** Every notification so far, in the order of arrival. */
  readonly notifications: Notification[] = [];
  /** How many protocol messages each WebSocket message held. */
  readonly batches: number[] = [];
  /** Ids of the responses in the order of arrival. */
  readonly answered: number[] = [];
  /** Resolves when the socket is closed, by whomever. */
  readonly closed: Promise<CloseEventFacts>;
  #nextId = 1;
  readonly #open = new Map<number, (answer: Answer) => void>();
  readonly #watchers = new Watchers();

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => this.#received(new Uint8Array(data as ArrayBuffer)));
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => {
        resolve({ code, reason });
        this.#watchers.look();
      });
    });
  }

  /** Rejects where the server refuses the socket. */
  static async open(url: string, options: OpenOptions = {}): Promise<RawClient> {
    const { headers = {}, protocols = ['mailroom.v1'] } = options;
    const address = `${url.replace(/^http/, 'ws')}/v1/ws`;
    const socket = new WebSocket(address, { headers, protocols: [...protocols] } as unknown as string[]);
    const client = new RawClient(socket);
    const opened = new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error('the socket could not be opened')));
    });
    await within('the socket to open', opened);
    return client;
  }

  /** An open socket whose hello was accepted. */
  static async greet(
    url: string,
    token: string,
    resume?: HelloParams['resume'],
  ): Promise<RawClient & { hello: HelloResult }> {
    const client = await RawClient.open(url);
    const hello = await client.ok('hello', { token, ...(resume === undefined ? {} : { resume }) });
    return Object.assign(client, { hello });
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }

  /** Closes, and resolves once the server has agreed. */
  async close(): Promise<void> {
    this.socket.close();
    await within('the socket to close', this.closed);
  }

  /** Drops the connection without a goodbye. */
  vanish(): void {
    (this.socket as WebSocket & { terminate(): void }).terminate();
  }

  // ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  send(data: Uint8Array | string): void {
    this.socket.send(data as Uint8Array<ArrayBuffer>);
  }

  /** One request; resolves with its result or rejects with its fault's code and text. */
  async ok<M extends Method>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>> {
    const { fault, result } = await this.ask(method, params);
    if (fault !== null) throw new Error(`${method}: ${fault.code}: ${fault.message}`);
    return result as ResultOf<M>;
  }

  /** One request that is refused; resolves with the fault. */
  async refused(method: string, params: unknown): Promise<Fault> {
    const { fault, result } = await this.ask(method, params);
    if (fault === null) throw new Error(`${method} was not refused but answered ${JSON.stringify(result)}`);
    return fault;
  }

  /** One request of any form. */
  ask(method: string, params: unknown): Promise<Answer> {
    const { frame, answer } = this.prepare(method, params);
    this.send(frame);
    return answer;
  }

  /** Requests in one WebSocket message. */
  askAll(requests: readonly (readonly [method: string, params: unknown])[]): Promise<Answer>[] {
    const prepared = requests.map(([method, params]) => this.prepare(method, params));
    this.send(concat(prepared.map(({ frame }) => frame)));
    return prepared.map(({ answer }) => answer);
  }

  /** A request that is yet to be sent, and its answer. */
  prepare(method: string, params: unknown): { readonly frame: Uint8Array; readonly answer: Promise<Answer> } {
    const id = this.#nextId++;
    const settled = new Promise<Answer>((resolve, reject) => {
      this.#open.set(id, resolve);
      void this.closed.then(({ code }) => reject(new Error(`the socket was closed with ${code}`)));
    });
    const answer = within(`the answer to ${method}`, settled);
    // Who does not look at the answer does not mind that none came.
    answer.catch(() => undefined);
    return { frame: encode([0, id, method, [params]]), answer };
  }

  post(room: string, text: string, nonce: string = crypto.randomUUID()): Promise<ResultOf<'messages.post'>> {
    return this.ok('messages.post', { room, nonce, body: textBody(text) });
  }

  // ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Resolves as soon as `look` finds something other than undefined, now or after a later arrival. */
  until<T>(what: string, look: () => T | undefined, patienceMs?: number): Promise<T> {
    return this.#watchers.until(what, look, patienceMs);
  }

  /** The first notification of this name, arrived or to come, that fits. */
  notification<N extends NotificationName>(
    name: N,
    fits: (params: NotificationParams<N>) => boolean = () => true,
  ): Promise<NotificationParams<N>> {
    return this.until(`a ${name} notification`, () => this.all(name).find(fits));
  }

  all<N extends NotificationName>(name: N): NotificationParams<N>[] {
    return this.notifications
      .filter(({ method }) => method === name)
      .map(({ params }) => params as unknown as NotificationParams<N>);
  }

  /** Messages of the room so far, in the order of arrival. */
  messages(room: string): Message[] {
    return this.all('message').filter((message) => message.room === room);
  }

  seqs(room: string): number[] {
    return this.messages(room).map(({ seq }) => seq);
  }

  /** Waits until the room's message `seq` is there; resolves with all seqs of the room in the order of arrival. */
  upTo(room: string, seq: number, patienceMs?: number): Promise<number[]> {
    const reached = (): number[] | undefined => {
      const seqs = this.seqs(room);
      return seqs.includes(seq) ? seqs : undefined;
    };
    return this.until(`message ${seq} of a room`, reached, patienceMs);
  }

  /** Resolves with the close code. */
  async closeCode(patienceMs?: number): Promise<number> {
    const { code } = await within('the server to close the socket', this.closed, patienceMs);
    return code;
  }

  #received(bytes: Uint8Array): void {
    const replies = decodeReplies(bytes);
    this.batches.push(replies.length);
    for (const reply of replies) this.#take(reply);
    this.#watchers.look();
  }

  #take(reply: RpcReply): void {
    if (reply.type === 'notification') {
      this.notifications.push({ method: reply.method, params: reply.params });
      return;
    }
    this.answered.push(reply.id);
    this.#open.get(reply.id)?.({ fault: reply.fault, result: reply.result });
    this.#open.delete(reply.id);
  }
}

export function textBody(text: string): Uint8Array {
  return encodeBody({ type: 'text', text });
}

/** `from` … `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
