/**
 * The revocations: which tokens have died in the records, whoever ended them, told to the shards of this node.
 *
 * Owns how far the deaths have been read. Reads the primary; tells each shard's revoker of its own users. A user's actor
 * ends what it decides about by itself and at once: this is for what other processes end. After a start it goes on from
 * the time of the start, as nobody here knew a token before.
 */
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { DeadToken, DeadTokens, Records } from '../../storage/ports/records.ts';
import { userKind } from './messages.ts';
import { type RevokerMessage, revokerKind } from './revoker.ts';

/** Something may have died: read now, and not only when it is time. */
export interface LookNow {
  readonly type: 'look-now';
}

export interface RevocationsOptions {
  readonly records: Pick<Records, 'deadTokens' | 'forgetDeadTokens'>;
  /** The shards of this node. */
  readonly threads: readonly number[];
  /** Called once when the deaths cannot be read, and with undefined once they can be read again. */
  readonly onState: (fault: StorageFault | undefined) => void;
}

export const revocationsKind = defineKind<LookNow>({
  name: 'revocations',
  placement: 'service',
  mailbox: { capacity: 16, overflow: 'drop-newest' },
  supervision: { onFailure: 'resume' },
});

/** Half of what a dead token may live on for: reading it, telling it and closing its sockets need the rest. */
const LOOK_EVERY_MS = 500;
/**
 * How far each reading looks back. Longer than a commit may take to show, and an answer of the records to reach a user,
 * together: until then a token that was read while it lived may still come to be known.
 */
const LOOK_BACK_MS = 30_000;
const PAGE = 1_000;
const KEPT_MS = 3_600_000;
const FORGET_EVERY_MS = 300_000;
/** What died longer ago than this may have been forgotten unread. */
const SURELY_KEPT_MS = KEPT_MS / 2;

export function revocations(options: RevocationsOptions): Behaviour<LookNow> {
  return (context) => new Revocations(context, options);
}

class Revocations implements Actor<LookNow> {
  readonly #context: Context<LookNow>;
  readonly #options: RevocationsOptions;
  /** From where to read on, by the store's clock; undefined until that was read first. */
  #since: number | undefined;
  readonly #startedMs: number;
  #nextForgetMs = 0;
  #reading = false;
  #failing = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(context: Context<LookNow>, options: RevocationsOptions) {
    this.#context = context;
    this.#options = options;
    this.#startedMs = context.monotonicMs();
  }

  started(): void {
    this.#look();
  }

  receive(_message: LookNow): void {
    if (!this.#reading) this.#look();
  }

  summary(): Readonly<Record<string, unknown>> {
    return { since: this.#since, failing: this.#failing };
  }

  // ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #look(): void {
    this.#cancelTimer?.();
    this.#reading = true;
    const since = this.#since ?? Number.MAX_SAFE_INTEGER;
    const nextMs = this.#context.monotonicMs() + LOOK_EVERY_MS;
    const { records } = this.#options;
    // An embedded driver answers, or throws, at once.
    const read = (async () => await records.deadTokens(since, PAGE))();
    this.#context.pipe(read, (outcome) => {
      this.#reading = false;
      if ('error' in outcome) {
        this.#lookAfter(LOOK_EVERY_MS);
        this.#failed(outcome.error);
        return;
      }
      this.#lookAfter(nextMs - this.#context.monotonicMs());
      this.#told();
      this.#apply(outcome.value);
      this.#forget(outcome.value.now);
    });
  }

  #lookAfter(delayMs: number): void {
    this.#cancelTimer = this.#context.after(Math.max(0, delayMs), () => this.#look());
  }

  /** Whatever cannot be told now stays to be read, and with it all that died later. */
  #apply({ now, tokens }: DeadTokens): void {
    const since = this.#since;
    if (since === undefined) {
      const upMs = Math.ceil(this.#context.monotonicMs() - this.#startedMs);
      this.#since = now - upMs - LOOK_BACK_MS;
      return;
    }
    if (now - since > SURELY_KEPT_MS) {
      if (this.#tellAll()) this.#since = now - LOOK_BACK_MS;
      return;
    }
    if (!this.#tell(tokens)) return;
    const last = tokens.at(-1);
    if (tokens.length < PAGE || last === undefined) {
      // Also backwards, where a server with another clock has become the primary.
      this.#since = now - LOOK_BACK_MS;
      return;
    }
    this.#since = last.diedAt + 1;
    this.#look();
  }

  // ── telling ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Each death to the one thread that its user lives on. False if one was surely not taken. */
  #tell(tokens: readonly DeadToken[]): boolean {
    const byThread = new Map<number, DeadToken[]>(this.#options.threads.map((thread) => [thread, []]));
    // Users of other nodes hear it from their own.
    for (const token of tokens) byThread.get(this.#context.ref(userKind, token.user).thread)?.push(token);
    let taken = true;
    for (const [thread, ofThread] of byThread) {
      if (ofThread.length === 0) continue;
      const named = ofThread.map(({ user, tokenHash }) => ({ user, tokenHash }));
      if (!this.#tellShard(thread, { type: 'tokens-died', tokens: named })) taken = false;
    }
    return taken;
  }

  #tellAll(): boolean {
    let taken = true;
    for (const thread of this.#options.threads) {
      if (!this.#tellShard(thread, { type: 'look-again' })) taken = false;
    }
    return taken;
  }

  #tellShard(thread: number, message: RevokerMessage): boolean {
    return this.#context.tell(this.#context.ref(revokerKind, pinnedId(thread, 0)), message);
  }

  // ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #forget(now: number): void {
    const nowMs = this.#context.monotonicMs();
    if (nowMs < this.#nextForgetMs) return;
    this.#nextForgetMs = nowMs + FORGET_EVERY_MS;
    const { records } = this.#options;
    const forgotten = (async () => await records.forgetDeadTokens(now - KEPT_MS))();
    this.#context.pipe(forgotten, (outcome) => {
      if ('error' in outcome) this.#failed(outcome.error);
    });
  }

  #failed(error: unknown): void {
    if (!(error instanceof StorageFault)) throw error;
    if (this.#failing) return;
    this.#failing = true;
    this.#options.onState(error);
  }

  #told(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#options.onState(undefined);
  }
}
