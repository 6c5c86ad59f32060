/** The devices that a user is logged in on: when each was last there, and what is open on it now. */
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { DeviceRecord } from '../../storage/ports/records.ts';
import { askRecords } from '../storage/records.ts';
import type { DeviceView, UserMessage } from './messages.ts';
import type { OpenSessions } from './open-sessions.ts';

/** The records learn no more often than this that a token is in use. */
const TOUCH_EVERY_MS = 300_000;

export class Devices {
  readonly #context: Context<UserMessage>;
  readonly #sessions: OpenSessions;
  /** By the token's hash: when it was seen, and when the records were told so. Of tokens that live. */
  readonly #seen = new Map<string, { atMs: number; toldMs: number }>();

  constructor(context: Context<UserMessage>, sessions: OpenSessions) {
    this.#context = context;
    this.#sessions = sessions;
  }

  /** The token is in use. What the records did not take is told again with its next use. */
  saw(tokenHash: string): void {
    const atMs = this.#context.wallMs();
    const seen = this.#seen.get(tokenHash);
    if (seen === undefined) this.#seen.set(tokenHash, { atMs, toldMs: atMs });
    else {
      seen.atMs = atMs;
      if (atMs - seen.toldMs < TOUCH_EVERY_MS) return;
      seen.toldMs = atMs;
    }
    askRecords(this.#context, 'touchToken', [this.#context.self.id, tokenHash, atMs], (reply) => {
      const told = this.#seen.get(tokenHash);
      if (!reply.ok && told !== undefined) told.toldMs = 0;
    });
  }

  forget(tokenHashes: readonly string[]): void {
    for (const hash of tokenHashes) this.#seen.delete(hash);
  }

  /** `current` is the hash of the token that asks. */
  list(current: string, replyTo: ReplyTo | undefined): void {
    askRecords(this.#context, 'devicesOf', [this.#context.self.id], (reply) => {
      if (!reply.ok) return replyTo?.settle(undefined, reply.fault);
      const now = this.#context.wallMs();
      const alive = reply.value.filter(({ expiresAt }) => expiresAt > now);
      replyTo?.settle(
        alive.map((device) => this.#view(device, current, now)),
        undefined,
      );
    });
  }

  #view({ device, tokenHash, createdAt, expiresAt, seenAt }: DeviceRecord, current: string, now: number): DeviceView {
    const sockets = [...this.#sessions.values()].filter((session) => session.tokenHash === tokenHash).length;
    const lastSeen = sockets > 0 ? now : Math.max(seenAt, this.#seen.get(tokenHash)?.atMs ?? 0);
    return { device, createdAt, expiresAt, lastSeen, sockets, current: tokenHash === current };
  }
}
