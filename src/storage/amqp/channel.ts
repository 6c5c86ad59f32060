/** One channel of a supervised connection: opened again whenever it is lost, until its user closes it. */
import type { ConfirmChannel } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import { Backoff } from './backoff.ts';
import { amqpFault } from './faults.ts';

/**
 * Whoever publishes or consumes. `opened` and `lost` are called in turn.
 *
 * *Gotchas.* After `lost` nothing may be sent on that channel any more. What was published on it and not confirmed may
 * be in its queue or not, and may still arrive there; what was delivered and not acknowledged comes again.
 */
export interface ChannelUser {
  /**
   * Declares what is needed, before `opened`. If this rejects, the channel is closed and after a pause the next one is
   * opened. The channel may be lost meanwhile: then `opened` is not called.
   */
  prepare?(channel: ConfirmChannel): Promise<void>;
  /**
   * A fresh channel, with publisher confirms, that is open at this moment. If this rejects, the channel is given up as by
   * `renew`; what it does after its first wait may find the channel lost.
   */
  opened(channel: ConfirmChannel): void | Promise<void>;
  lost(fault: StorageFault): void;
}

/** What a channel needs of its connection. */
export interface ChannelHome {
  /** Undefined while there is no connection. */
  open(): Promise<ConfirmChannel> | undefined;
  cut(reason: string): void;
  failed(fault: StorageFault): void;
  closed(): void;
  readonly maxPauseMs: number;
}

const FIRST_PAUSE_MS = 20;
const CLOSE_MS = 2_000;
/** A broker under load may take long to declare a queue. */
const PREPARE_MS = 30_000;

export class SupervisedChannel {
  readonly #user: ChannelUser;
  readonly #home: ChannelHome;
  readonly #backoff: Backoff;
  #channel: ConfirmChannel | undefined;
  /** Whether the user has been given the channel. */
  #given = false;
  #opening: Promise<ConfirmChannel> | undefined;
  #closed = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(user: ChannelUser, home: ChannelHome) {
    this.#user = user;
    this.#home = home;
    this.#backoff = new Backoff({ firstMs: FIRST_PAUSE_MS, maxMs: home.maxPauseMs });
  }

  /** Called by the connection when it is ready. */
  connected(): void {
    clearTimeout(this.#pause);
    if (this.#closed || this.#opening !== undefined || this.#channel !== undefined) return;
    const opening = this.#home.open();
    if (opening === undefined) return;
    this.#opening = opening;
    opening.then(
      (channel) => {
        const isOurs = this.#opening === opening;
        if (isOurs) this.#opening = undefined;
        if (isOurs && !this.#closed) this.#opened(channel);
        else this.#discard(channel);
      },
      (error) => {
        if (this.#opening !== opening) return;
        this.#opening = undefined;
        this.#retry(amqpFault('open a channel', error));
      },
    );
  }

  /** Called by the connection when it is lost, and the channel with it. */
  disconnected(fault: StorageFault): void {
    this.#opening = undefined;
    if (this.#channel !== undefined) this.#lost(this.#channel, fault);
  }

  /** Gives this channel up for a fresh one: for a user that waits in vain, or has lost count. */
  renew(reason: string): void {
    if (this.#channel !== undefined) this.#giveUp(this.#channel, new StorageFault('unavailable', reason));
  }

  /** As `renew`, at once, and without a word to anybody but the user: nothing is known to be wrong. */
  refresh(): void {
    const channel = this.#channel;
    if (channel === undefined) return;
    this.#forget(new StorageFault('unavailable', 'the channel is opened anew'));
    this.#end(channel, 'the channel does not close').catch(() => undefined);
    this.connected();
  }

  /** Does something with the open channel. One that turns out not to be open any more is lost, and a fresh one follows. */
  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.renew(amqpFault('use a channel', error).message);
    }
  }

  /** Closes the channel for good; `lost` is not called any more. What is unacknowledged goes back to its queue. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#pause);
    const channel = this.#channel;
    this.#channel = undefined;
    this.#home.closed();
    if (channel !== undefined) await this.#end(channel, 'the channel does not close').catch(() => undefined);
  }

  #opened(channel: ConfirmChannel): void {
    this.#channel = channel;
    let cause: unknown;
    channel.on('error', (error) => {
      cause = error;
    });
    channel.on('close', () => this.#lost(channel, amqpFault('keep a channel', cause ?? 'it was closed')));
    const late = (): void => this.#giveUp(channel, new StorageFault('unavailable', 'RabbitMQ does not answer'));
    const deadline = setTimeout(late, PREPARE_MS);
    const prepared = this.#user.prepare?.(channel) ?? Promise.resolve();
    prepared
      .finally(() => clearTimeout(deadline))
      .then(() => {
        if (this.#channel !== channel) return;
        this.#backoff.succeeded();
        this.#given = true;
        return this.#user.opened(channel);
      })
      .catch((error) => this.#giveUp(channel, amqpFault('use a channel', error)));
  }

  /** For a channel that came too late for anybody to want it. */
  #discard(channel: ConfirmChannel): void {
    channel.on('error', () => undefined);
    this.#end(channel, 'the channel does not close').catch(() => undefined);
  }

  #giveUp(channel: ConfirmChannel, fault: StorageFault): void {
    if (this.#channel !== channel) return;
    this.#lost(channel, fault);
    this.#end(channel, fault.message).catch(() => undefined);
  }

  #lost(channel: ConfirmChannel, fault: StorageFault): void {
    if (this.#channel !== channel) return;
    this.#forget(fault);
    this.#retry(fault);
  }

  #forget(fault: StorageFault): void {
    this.#channel = undefined;
    if (this.#given) this.#user.lost(fault);
    this.#given = false;
  }

  #retry(fault: StorageFault): void {
    if (this.#closed) return;
    this.#home.failed(fault);
    // With the connection gone too this comes to nothing, and the connection says when it is back.
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.connected(), this.#backoff.next());
  }

  /** A broker that does not even close a channel is cut off. The driver's own answer may then never come. */
  async #end(channel: ConfirmChannel, reason: string): Promise<void> {
    const { promise: isCutOff, resolve } = Promise.withResolvers<void>();
    const deadline = setTimeout(() => {
      this.#home.cut(reason);
      resolve();
    }, CLOSE_MS);
    try {
      await Promise.race([channel.close(), isCutOff]);
    } finally {
      clearTimeout(deadline);
    }
  }
}
