/** Kinds: what all actors of one sort share: mailbox, supervision, placement, codec. */
import type { Context } from './context.ts';
import type { MessageCodec } from './lanes/codec.ts';
import type { Supervision } from './supervision.ts';

/**
 * What happens to a message for a full mailbox.
 *
 * - `refuse`: it is not taken; `tell` says false, an asker gets `overloaded`.
 * - `drop-newest`: it is dropped and counted; `tell` says true.
 * - `drop-oldest`: the oldest waiting message is dropped and counted (its asker gets `overloaded`), this one is taken.
 */
export type Overflow = 'refuse' | 'drop-newest' | 'drop-oldest';

export interface MailboxOptions {
  /** Most messages that may wait. */
  readonly capacity: number;
  readonly overflow: Overflow;
}

/**
 * Where actors of the kind live: by hash of the id over all shards, pinned to the thread that the id names, or on the one
 * thread that runs this service.
 */
export type PlacementPolicy = 'hashed' | 'pinned' | 'service';

export interface KindOptions<M> {
  readonly name: string;
  readonly mailbox?: Partial<MailboxOptions>;
  readonly supervision?: Partial<Supervision>;
  readonly placement?: PlacementPolicy;
  /** An actor that was idle for this long is passivated. Undefined: never. */
  readonly passivateAfterMs?: number;
  /** How messages of this kind cross threads; the shard's own codec if there is none. */
  readonly codec?: MessageCodec<M>;
}

/** A kind of actor: the token by which its messages are typed and its behaviour is found. */
export interface Kind<M> {
  readonly name: string;
  readonly mailbox: MailboxOptions;
  readonly supervision: Supervision;
  readonly placement: PlacementPolicy;
  /** 0 means never. */
  readonly passivateAfterMs: number;
  readonly codec: MessageCodec<M> | undefined;
}

/**
 * One incarnation of an actor. Messages come one at a time; nothing else touches its fields.
 *
 * *Details.* `started` runs before the first message; it may `context.suspend()` until state is loaded. `stopping` runs
 * once, before the actor goes; returning `false` puts the end off until `context.stop()` is called. An incarnation that is
 * replaced after a failure is not asked: its new incarnation loads what is stored.
 */
export interface Actor<M> {
  receive(message: M): void;
  started?(): void;
  stopping?(): boolean | undefined;
  /** A watched actor ended. */
  terminated?(address: string): void;
  /** Whether the actor could go now without losing anything; asked before it is passivated. Default: yes. */
  mayPassivate?(): boolean;
  /** A few plain facts for the inspector. No message bodies, no secrets. */
  summary?(): Readonly<Record<string, unknown>>;
}

/** Makes an incarnation of the actor. Called again after a restart and after passivation. */
export type Behaviour<M> = (context: Context<M>) => Actor<M>;

const DEFAULT_MAILBOX: MailboxOptions = { capacity: 1024, overflow: 'refuse' };
const DEFAULT_SUPERVISION: Supervision = {
  onFailure: 'restart',
  maxRestarts: 10,
  withinMs: 60_000,
  minBackoffMs: 50,
  maxBackoffMs: 5_000,
  jitter: 0.2,
};

/** Defines a kind; unsaid options take the defaults: 1,024 messages, refuse, restart with back-off, hashed, for ever. */
export function defineKind<M>(options: KindOptions<M>): Kind<M> {
  const { capacity } = { ...DEFAULT_MAILBOX, ...options.mailbox };
  if (!(capacity >= 1)) throw new RangeError(`the mailbox of ${options.name} must hold a message`);
  return Object.freeze({
    name: options.name,
    mailbox: { ...DEFAULT_MAILBOX, ...options.mailbox },
    supervision: { ...DEFAULT_SUPERVISION, ...options.supervision },
    placement: options.placement ?? 'hashed',
    passivateAfterMs: options.passivateAfterMs ?? 0,
    codec: options.codec,
  });
}
