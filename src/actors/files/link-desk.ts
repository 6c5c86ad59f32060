/**
 * A link desk: passwords of links, hashed and tried. Each link has its desk, by the hash of its token.
 *
 * Owns how often a password was wrong, link by link, and the bound on hashing at once. Talks to nobody. Nothing survives a
 * restart: wrong tries are counted anew.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { ReplyTo, Request } from '../../runtime/reply.ts';

export interface HashLinkPassword extends Request<string> {
  readonly type: 'hash';
  readonly password: string;
}
/** Whether the password is right. Refused as `rate_limited` after too many that were not. */
export interface TryLinkPassword extends Request<boolean> {
  readonly type: 'try';
  readonly link: string;
  readonly password: string;
  readonly passwordHash: string;
}
export type LinkDeskMessage = HashLinkPassword | TryLinkPassword;

export interface LinkDeskOptions {
  readonly secrets: {
    hashPassword(password: string): Promise<string>;
    verifyPassword(password: string, hash: string): Promise<boolean>;
  };
  /** Wrong passwords of one link. Undefined: any number. */
  readonly wrong: { readonly perMinute: number; readonly burst: number } | undefined;
}

export const linkDeskKind = defineKind<LinkDeskMessage>({
  name: 'link-desk',
  mailbox: { capacity: 256, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
  passivateAfterMs: 3_600_000,
});

/** The desk of a link: sixteen in all, so that as many passwords are hashed at once. */
export function linkDeskOf(tokenHash: string): string {
  return tokenHash.slice(0, 1);
}

/** Passwords that may wait for their turn at one desk. */
const MAX_WAITING = 16;
/** Links that are remembered; the one whose wrong password is the longest ago is forgotten. */
const MAX_LINKS = 10_000;
const BUSY = fault('overloaded', 'too many passwords are being tried', 1_000);

export function linkDesk(options: LinkDeskOptions): Behaviour<LinkDeskMessage> {
  return (context) => new LinkDesk(context, options);
}

/** How many wrong passwords a link may still take, and since when that is so. */
interface Patience {
  readonly left: number;
  readonly atMs: number;
}

class LinkDesk implements Actor<LinkDeskMessage> {
  readonly #context: Context<LinkDeskMessage>;
  readonly #options: LinkDeskOptions;
  readonly #patience = new Map<string, Patience>();
  readonly #waiting: (() => void)[] = [];
  #isHashing = false;

  constructor(context: Context<LinkDeskMessage>, options: LinkDeskOptions) {
    this.#context = context;
    this.#options = options;
  }

  receive(message: LinkDeskMessage): void {
    const replyTo = this.#context.replyTo();
    if (this.#waiting.length >= MAX_WAITING) return replyTo?.settle(undefined, BUSY);
    this.#waiting.push(() => {
      if (message.type === 'hash') this.#hash(message, replyTo);
      else this.#try(message, replyTo);
    });
    this.#next();
  }

  /** One at a time: a password is tried only once it is known whether those before it were right. */
  #next(): void {
    if (this.#isHashing) return;
    this.#waiting.shift()?.();
  }

  #hash({ password }: HashLinkPassword, replyTo: ReplyTo | undefined): void {
    this.#work(this.#options.secrets.hashPassword(password), replyTo, (hash) => replyTo?.settle(hash, undefined));
  }

  #try({ link, password, passwordHash }: TryLinkPassword, replyTo: ReplyTo | undefined): void {
    const waitMs = this.#waitMs(link);
    if (waitMs > 0) {
      replyTo?.settle(undefined, fault('rate_limited', 'too many wrong passwords', waitMs));
      return this.#next();
    }
    this.#work(this.#options.secrets.verifyPassword(password, passwordHash), replyTo, (isRight) => {
      if (!isRight) this.#wasWrong(link);
      replyTo?.settle(isRight, undefined);
    });
  }

  #work<T>(work: Promise<T>, replyTo: ReplyTo | undefined, then: (value: T) => void): void {
    this.#isHashing = true;
    this.#context.pipe(work, (outcome) => {
      this.#isHashing = false;
      if ('value' in outcome) then(outcome.value);
      else replyTo?.settle(undefined, fault('internal', 'the request failed'));
      this.#next();
      if ('error' in outcome) throw outcome.error;
    });
  }

  #waitMs(link: string): number {
    const { wrong } = this.#options;
    if (wrong === undefined) return 0;
    const { left } = this.#patienceWith(link, wrong);
    return left >= 1 ? 0 : Math.ceil(((1 - left) * 60_000) / wrong.perMinute);
  }

  #wasWrong(link: string): void {
    const { wrong } = this.#options;
    if (wrong === undefined) return;
    const { left, atMs } = this.#patienceWith(link, wrong);
    this.#patience.delete(link);
    this.#patience.set(link, { left: left - 1, atMs });
    const oldest = this.#patience.keys().next().value;
    if (this.#patience.size > MAX_LINKS && oldest !== undefined) this.#patience.delete(oldest);
  }

  #patienceWith(link: string, { perMinute, burst }: NonNullable<LinkDeskOptions['wrong']>): Patience {
    const nowMs = this.#context.monotonicMs();
    const { left, atMs } = this.#patience.get(link) ?? { left: burst, atMs: nowMs };
    return { left: Math.min(burst, left + ((nowMs - atMs) * perMinute) / 60_000), atMs: nowMs };
  }
}
