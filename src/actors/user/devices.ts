/** The devices that a user is logged in on: when each was last there, and what is open on it now. */
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { DeviceRecord } from '../../storage/ports/records.ts';
import { sessionField } from '../../storage/ports/session-index.ts';
import { askRecords } from '../storage/records.ts';
import { askSessionIndex } from '../storage/session-index.ts';
import type { DeviceView, UserMessage } from './messages.ts';
import type { OpenSessions } from './open-sessions.ts';

/** The records learn no more often than this that a token is in use, and the index of sessions, where there is one. */
const TOUCH_EVERY_MS = 300_000;
const INDEX_EVERY_MS = 60_000;

interface SeenToken {
  readonly device: string;
  atMs: number;
  /** When the records were told. */
  toldMs: number;
  /** What the index was told, and when. */
  indexedMs: number;
  indexedSockets: number;
}

/** When a device was last there, by `sessionField`, as the index has it. */
type SeenByField = Readonly<Record<string, number>>;

export class Devices {
  readonly #context: Context<UserMessage>;
  readonly #sessions: OpenSessions;
  readonly #indexed: boolean;
  /** By the token's hash. Of tokens that live. */
  readonly #seen = new Map<string, SeenToken>();

  constructor(context: Context<UserMessage>, sessions: OpenSessions, indexed: boolean) {
    this.#context = context;
    this.#sessions = sessions;
    this.#indexed = indexed;
  }

  /** The token is in use. What the records did not take is told again with its next use. */
  saw(tokenHash: string, device: string): void {
    const atMs = this.#context.wallMs();
    const known = this.#seen.get(tokenHash);
    const seen = known ?? { device, atMs, toldMs: atMs, indexedMs: 0, indexedSockets: 0 };
    seen.atMs = atMs;
    this.#seen.set(tokenHash, seen);
    this.#index(tokenHash, seen);
    if (known !== undefined && atMs - seen.toldMs < TOUCH_EVERY_MS) return;
    seen.toldMs = atMs;
    askRecords(this.#context, 'touchToken', [this.#context.self.id, tokenHash, atMs], (reply) => {
      const told = this.#seen.get(tokenHash);
      if (!reply.ok && told !== undefined) told.toldMs = 0;
    });
  }

  /** A socket of the token has ended. */
  left(tokenHash: string): void {
    const seen = this.#seen.get(tokenHash);
    if (seen === undefined) return;
    seen.atMs = this.#context.wallMs();
    this.#index(tokenHash, seen);
  }

  forget(tokenHashes: readonly string[]): void {
    for (const hash of tokenHashes) this.#seen.delete(hash);
    if (!this.#indexed || tokenHashes.length === 0) return;
    // What the index keeps of a dead token is read by nobody, and ends with its time.
    askSessionIndex(this.#context, 'forget', [this.#context.self.id, tokenHashes], () => undefined);
  }

  /** `current` is the hash of the token that asks. */
  list(current: string, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'devicesOf', [this.#context.self.id], (reply) => {
      if (!reply.ok) return replyTo?.settle(undefined, reply.fault);
      this.#readIndex((indexed) => {
        const now = this.#context.wallMs();
        const alive = reply.value.filter(({ expiresAt }) => expiresAt > now);
        replyTo?.settle(
          alive.map((device) => this.#view(device, current, now, indexed)),
          undefined,
        );
      });
    });
  }

  #view(
    { device, tokenHash, createdAt, expiresAt, seenAt }: DeviceRecord,
    current: string,
    now: number,
    indexed: SeenByField,
  ): DeviceView {
    const sockets = this.#socketsOf(tokenHash);
    const seen = Math.max(seenAt, this.#seen.get(tokenHash)?.atMs ?? 0, indexed[sessionField(tokenHash)] ?? 0);
    const lastSeen = sockets > 0 ? now : Math.min(seen, now);
    return { device, createdAt, expiresAt, lastSeen, sockets, current: tokenHash === current };
  }

  #socketsOf(tokenHash: string): number {
    return [...this.#sessions.values()].filter((session) => session.tokenHash === tokenHash).length;
  }

  // ── the index ────────────────────────────────────────────────────────────────────────────────────────────────────

  #index(tokenHash: string, seen: SeenToken): void {
    if (!this.#indexed) return;
    const { device, atMs: seenAt } = seen;
    const sockets = this.#socketsOf(tokenHash);
    if (sockets === seen.indexedSockets && seenAt - seen.indexedMs < INDEX_EVERY_MS) return;
    seen.indexedMs = seenAt;
    seen.indexedSockets = sockets;
    const noted = { tokenHash, device, sockets, seenAt };
    askSessionIndex(this.#context, 'note', [this.#context.self.id, noted], (reply) => {
      if (!reply.ok) seen.indexedMs = 0;
    });
  }

  /** Without its answer the list is exact to some minutes, as the records are. */
  #readIndex(then: (indexed: SeenByField) => void): void {
    if (!this.#indexed) return then({});
    askSessionIndex(this.#context, 'seenOf', [this.#context.self.id], (reply) => then(reply.ok ? reply.value : {}));
  }
}
