/**
 * One connection to RabbitMQ, supervised: it is made again, with growing pauses, whenever it is lost, and so are the
 * channels of those who use it, until it is closed.
 *
 * A thread has one for what it consumes and, where it publishes too, another one for that: a broker that is short of
 * memory or disk stops reading from connections that publish, and acknowledgements must get through even then, since
 * they are what frees the broker.
 */
import type { Duplex } from 'node:stream';
import { type ChannelModel, connect } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import { Backoff } from './backoff.ts';
import { type ChannelUser, SupervisedChannel } from './channel.ts';
import { amqpFault } from './faults.ts';
import { parseAmqpUrl } from './url.ts';

export interface AmqpConnectionOptions {
  /** `amqp://user:password@host:port/vhost`. */
  readonly url: string;
  /** Shown by the broker's own tools. */
  readonly name: string;
  /** Of silence; after twice as much the connection counts as lost. Seconds. */
  readonly heartbeatS?: number;
  /** For one attempt, up to the end of the handshake: milliseconds. */
  readonly connectMs?: number;
  /** Longest pause between two attempts: milliseconds. */
  readonly maxPauseMs?: number;
  /** Told of every change of state, and of every failed attempt and every channel that could not be used. */
  readonly onEvent?: (event: AmqpEvent) => void;
}

/** - `connecting`: from the start and after a loss. - `closed`: by its owner, for good. */
export type AmqpState = 'connecting' | 'ready' | 'closed';

export type AmqpEvent =
  | { readonly type: 'state'; readonly state: AmqpState }
  /** The broker is short of memory or disk and reads nothing until it is not. */
  | { readonly type: 'blocked'; readonly reason: string }
  | { readonly type: 'unblocked' }
  | { readonly type: 'fault'; readonly fault: StorageFault };

const FIRST_PAUSE_MS = 50;
const NOT_FOUND = 404;

export class AmqpConnection {
  readonly #options: AmqpConnectionOptions;
  readonly #backoff: Backoff;
  readonly #channels = new Set<SupervisedChannel>();
  readonly #waiting = new Set<() => void>();
  #state: AmqpState = 'connecting';
  #blocked = false;
  #model: ChannelModel | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #lastFault: StorageFault | undefined;

  /** Begins to connect at once. Throws a `StorageFault` if the address cannot be one. */
  constructor(options: AmqpConnectionOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: options.maxPauseMs ?? 5_000 });
    this.#connect();
  }

  get state(): AmqpState {
    return this.#state;
  }

  /** Whether the broker has said that it does not read what is published. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Why the last attempt failed or the connection was lost; undefined while it is ready. */
  get lastFault(): StorageFault | undefined {
    return this.#lastFault;
  }

  /** Resolves once the connection is ready. Rejects with the last fault when `waitMs` have passed, or when it is closed. */
  async ready(waitMs: number): Promise<void> {
    const deadline = performance.now() + waitMs;
    while (this.#state !== 'ready') {
      const leftMs = deadline - performance.now();
      if (this.#state === 'closed') throw new StorageFault('unavailable', 'the connection to RabbitMQ is closed');
      if (leftMs <= 0) throw this.#lastFault ?? new StorageFault('unavailable', 'RabbitMQ does not answer');
      await this.#change(leftMs);
    }
  }

  /** A channel that is opened now or as soon as possible, and again after every loss; see `ChannelUser`. */
  use(user: ChannelUser): SupervisedChannel {
    const channel = new SupervisedChannel(user, {
      open: () => this.#model?.createConfirmChannel(),
      cut: (reason) => this.cut(reason),
      failed: (fault) => this.#options.onEvent?.({ type: 'fault', fault }),
      closed: () => this.#channels.delete(channel),
      maxPauseMs: this.#options.maxPauseMs ?? 5_000,
    });
    this.#channels.add(channel);
    if (this.#state === 'ready') channel.connected();
    return channel;
  }

  /** Whether there is a queue of that name, asked on a channel of its own: the broker closes it where there is none. */
  async hasQueue(name: string): Promise<boolean> {
    if (this.#model === undefined) throw new StorageFault('unavailable', 'RabbitMQ is not connected');
    const channel = await this.#model.createChannel();
    channel.on('error', () => undefined);
    try {
      await channel.checkQueue(name);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return false;
      throw amqpFault(`look for the queue ${name}`, error);
    }
    await channel.close();
    return true;
  }

  /** Cuts the line and connects anew: for a broker that is there but does not answer. */
  cut(reason: string): void {
    if (this.#model !== undefined) socketOf(this.#model).destroy(new Error(reason));
  }

  /** Closes the channels and the connection in good order where the broker answers in time, else by force. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const model = this.#model;
    await Promise.all([...this.#channels].map((channel) => channel.close()));
    this.#enter('closed');
    clearTimeout(this.#pause);
    if (model === undefined) return;
    const deadline = setTimeout(() => socketOf(model).destroy(), CLOSE_MS);
    try {
      await model.close();
    } catch {
      // It is gone already.
    } finally {
      clearTimeout(deadline);
      socketOf(model).destroy();
    }
  }

  #connect(): void {
    const { url, name, heartbeatS = 5, connectMs = 5_000 } = this.#options;
    let isOver = false;
    const failed = (fault: StorageFault): void => {
      clearTimeout(deadline);
      if (!isOver) this.#lost(fault);
      isOver = true;
    };
    // The driver's own deadline ends its socket; this one also covers a socket that ends without a word.
    const deadline = setTimeout(
      () => failed(new StorageFault('unavailable', `RabbitMQ has not answered within ${connectMs} ms`)),
      connectMs,
    );
    const attempt = connect(parseAmqpUrl(url, heartbeatS), {
      noDelay: true,
      timeout: connectMs,
      clientProperties: { connection_name: name },
    });
    attempt.then(
      (model) => {
        clearTimeout(deadline);
        if (isOver || this.#state === 'closed') discard(model);
        else this.#connected(model);
        isOver = true;
      },
      (error) => failed(amqpFault('connect to RabbitMQ', error)),
    );
  }

  #connected(model: ChannelModel): void {
    let cause: unknown;
    const gone = (error?: unknown): void => {
      // The driver only ends its side; what is half open would keep the broker believing in it.
      if (this.#state !== 'closed') socketOf(model).destroy();
      if (this.#model === model) this.#lost(amqpFault('keep the connection to RabbitMQ', cause ?? error ?? 'it ended'));
    };
    model.on('error', (error) => {
      cause = error;
    });
    model.on('close', gone);
    // The driver hears of an end and of an error, and not of a socket that closes without either.
    const socket = socketOf(model);
    socket.once('close', () => socket.emit('error', new Error('the socket was closed')));
    model.on('blocked', (reason) => {
      this.#blocked = true;
      this.#options.onEvent?.({ type: 'blocked', reason });
    });
    model.on('unblocked', () => {
      this.#blocked = false;
      this.#options.onEvent?.({ type: 'unblocked' });
    });
    this.#model = model;
    this.#lastFault = undefined;
    this.#backoff.succeeded();
    this.#enter('ready');
    for (const channel of this.#channels) channel.connected();
  }

  #lost(fault: StorageFault): void {
    if (this.#state === 'closed') return;
    this.#model = undefined;
    this.#blocked = false;
    this.#lastFault = fault;
    this.#options.onEvent?.({ type: 'fault', fault });
    if (this.#state === 'ready') this.#enter('connecting');
    for (const channel of this.#channels) channel.disconnected(fault);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  #enter(state: AmqpState): void {
    this.#state = state;
    for (const wake of this.#waiting) wake();
    this.#options.onEvent?.({ type: 'state', state });
  }

  async #change(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, waitMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
  }
}

const CLOSE_MS = 2_000;

/** For a connection that came too late for anybody to want it. */
function discard(model: ChannelModel): void {
  model.on('error', () => undefined);
  socketOf(model).destroy();
}

/** The driver keeps its socket to itself, and has no other way to give up on a broker that does not answer. */
function socketOf(model: ChannelModel): Duplex {
  return (model.connection as unknown as { readonly stream: Duplex }).stream;
}
