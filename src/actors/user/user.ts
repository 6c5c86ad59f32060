/**
 * A user: the one place where a user's tokens and sessions are decided.
 *
 * Owns which tokens are known to be valid, which sessions are open, and which rooms the user is in. Talks to the records
 * and to the user's sessions. Tokens and memberships survive in the records; sessions end with their sockets.
 */

import { CLOSE, type CloseCode } from '../../protocol/close-codes.ts';
import { fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { Ref } from '../../runtime/ref.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import type { TokenPolicy, TokenRecord } from '../../storage/ports/records.ts';
import type { Person } from '../room/messages.ts';
import { type Kick, type SessionMessage, sessionKind } from '../session/messages.ts';
import { askRecords } from '../storage/records.ts';
import { loaded, Memberships } from './memberships.ts';
import type {
  AttachSession,
  Authenticate,
  Identity,
  IssueToken,
  RenewToken,
  ReplacePassword,
  RevokeToken,
  SessionAddress,
  UserMessage,
} from './messages.ts';
import { idOf, type OpenSession, OpenSessions, SESSION_LEASE_MS } from './open-sessions.ts';

export interface UserOptions {
  readonly policy: TokenPolicy;
  readonly tokenTtlMs: number;
  /** Oldest tokens go when a login would exceed it. */
  readonly maxTokens: number;
  readonly maxSockets: number;
}

export function user(options: UserOptions): Behaviour<UserMessage> {
  const sessions: SessionsByUser = new Map();
  return (context) => new User(context, options, sessions);
}

const UNAUTHENTICATED = fault('unauthenticated', 'the token is not valid');
const TOO_MANY_SOCKETS = fault('rate_limited', 'the user has too many open sockets', 10_000);
/** Tokens that are known to be valid without asking the records again. */
const MAX_KNOWN_TOKENS = 64;
/** Memberships are looked up again once they are this old and a session attaches. */
const ROOMS_FRESH_MS = LIMITS.heartbeatMs;
const CHECK_AGAIN_MS = 500;
const KICK_DEADLINE_MS = 2_000;
/** Longest wait that a timer is set for; a later expiry is looked at again then. */
const MAX_TIMER_MS = 86_400_000;

/** Open sessions, which no storage knows: an actor that fails and comes back finds them here. */
type SessionsByUser = Map<string, OpenSessions>;

class User implements Actor<UserMessage> {
  readonly #context: Context<UserMessage>;
  readonly #options: UserOptions;
  /** Null: there is no such user. */
  #record: Person | null = null;
  readonly #rooms: Memberships;
  readonly #sessions: OpenSessions;
  readonly #allSessions: SessionsByUser;
  /** How often each session waits for its token to be looked up; one that ends meanwhile is taken out. */
  readonly #attaching = new Map<string, number>();
  readonly #tokens = new Map<string, TokenRecord>();
  #cancelExpiry: CancelTimer | undefined;

  constructor(context: Context<UserMessage>, options: UserOptions, allSessions: SessionsByUser) {
    this.#context = context;
    this.#options = options;
    this.#allSessions = allSessions;
    this.#rooms = new Memberships(context, (room) => this.#tellSessions({ type: 'room-entered', room }));
    this.#sessions = allSessions.get(context.self.id) ?? new OpenSessions();
    allSessions.set(context.self.id, this.#sessions);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  started(): void {
    this.#context.suspend();
    askRecords(this.#context, 'usersById', [[this.#context.self.id]], (reply) => {
      this.#record = loaded(reply)[0] ?? null;
      this.#rooms.load(() => this.#context.resume());
    });
  }

  stopping(): undefined {
    this.#allSessions.delete(this.#context.self.id);
  }

  mayPassivate(): boolean {
    this.#sessions.forgetSilent(this.#context.monotonicMs());
    return this.#sessions.size === 0 && this.#attaching.size === 0;
  }

  summary(): Readonly<Record<string, unknown>> {
    return { exists: this.#record !== null, sessions: this.#sessions.size, rooms: this.#rooms.size };
  }

  // ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

  receive(message: UserMessage): void {
    switch (message.type) {
      case 'attach':
        return this.#attach(message);
      case 'detach':
        return this.#detach(message.session);
      case 'authenticate':
        return this.#authenticate(message);
      case 'issue-token':
        return this.#issueToken(message);
      case 'renew-token':
        return this.#renewToken(message);
      case 'revoke-token':
        return this.#revokeToken(message);
      case 'replace-password':
        return this.#replacePassword(message);
      case 'entered':
        this.#rooms.entered(message.room);
        return this.#context.reply({});
      case 'left':
        this.#rooms.left(message.room);
        return this.#context.reply({});
      case 'notify':
        return this.#tellSessions({ type: 'notify', frame: message.frame });
    }
  }

  #attach({ session, tokenHash }: AttachSession): void {
    const replyTo = this.#context.replyTo();
    const key = idOf(session);
    this.#attaching.set(key, (this.#attaching.get(key) ?? 0) + 1);
    this.#identify(tokenHash, (reply) => {
      const attaching = this.#attaching.get(key);
      const gone = attaching === undefined;
      if (attaching === 1) this.#attaching.delete(key);
      else if (attaching !== undefined) this.#attaching.set(key, attaching - 1);
      if (!reply.ok || gone) {
        replyTo?.settle(undefined, reply.ok ? UNAUTHENTICATED : reply.fault);
        return;
      }
      const heardMs = this.#context.monotonicMs();
      this.#sessions.forgetSilent(heardMs);
      if (this.#sessions.size >= this.#options.maxSockets && !this.#sessions.has(key)) {
        replyTo?.settle(undefined, TOO_MANY_SOCKETS);
        return;
      }
      this.#sessions.set(key, { address: session, tokenHash, heardMs });
      this.#watchExpiry();
      this.#rooms.refresh(ROOMS_FRESH_MS);
      replyTo?.settle({ identity: reply.value, rooms: this.#rooms.list() }, undefined);
    });
  }

  #detach(session: SessionAddress): void {
    this.#sessions.delete(idOf(session));
    this.#attaching.delete(idOf(session));
  }

  #authenticate({ tokenHash }: Authenticate): void {
    const replyTo = this.#context.replyTo();
    this.#identify(tokenHash, (reply) => {
      if (reply.ok) replyTo?.settle(reply.value, undefined);
      else replyTo?.settle(undefined, reply.fault);
    });
  }

  #issueToken({ tokenHash, device }: IssueToken): void {
    const record = this.#record;
    if (record === null) return this.#context.fail(UNAUTHENTICATED);
    const replyTo = this.#context.replyTo();
    const { policy, maxTokens, tokenTtlMs } = this.#options;
    const createdAt = this.#context.wallMs();
    const expiresAt = createdAt + tokenTtlMs;
    const token: TokenRecord = {
      userId: record.id,
      username: record.username,
      device,
      tokenHash,
      createdAt,
      expiresAt,
    };
    askRecords(this.#context, 'saveToken', [token, policy, maxTokens], (reply) => {
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      this.#kill(reply.value, 'a newer login took this one’s place');
      replyTo?.settle({ expiresAt }, undefined);
    });
  }

  #renewToken({ tokenHash, newTokenHash }: RenewToken): void {
    const replyTo = this.#context.replyTo();
    const expiresAt = this.#context.wallMs() + this.#options.tokenTtlMs;
    askRecords(this.#context, 'renewToken', [this.#context.self.id, tokenHash, newTokenHash, expiresAt], (reply) => {
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      if (!reply.value) {
        replyTo?.settle(undefined, UNAUTHENTICATED);
        return;
      }
      this.#carryOver(tokenHash, newTokenHash);
      replyTo?.settle({ expiresAt }, undefined);
    });
  }

  #revokeToken({ tokenHash }: RevokeToken): void {
    const replyTo = this.#context.replyTo();
    askRecords(this.#context, 'deleteToken', [this.#context.self.id, tokenHash], (reply) => {
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      this.#kill([tokenHash], 'logged out');
      replyTo?.settle({}, undefined);
    });
  }

  #replacePassword({ passwordHash, keep }: ReplacePassword): void {
    const replyTo = this.#context.replyTo();
    if (this.#record === null) return this.#context.fail(UNAUTHENTICATED);
    askRecords(this.#context, 'changePassword', [this.#context.self.id, passwordHash, keep], (reply) => {
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      this.#kill(reply.value, 'the password was changed');
      replyTo?.settle({}, undefined);
    });
  }

  // ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The token's owner, out of memory or out of the records. Replies come in order, so a revocation is never overtaken. */
  #identify(tokenHash: string, onReply: (reply: Reply<Identity>) => void): void {
    const known = this.#tokens.get(tokenHash);
    if (known !== undefined) return onReply(this.#identity(known));
    if (this.#record === null) return onReply({ ok: false, fault: UNAUTHENTICATED });
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, tokenHash], (reply) => {
      if (!reply.ok) return onReply(reply);
      if (reply.value === null) return onReply({ ok: false, fault: UNAUTHENTICATED });
      this.#know(reply.value);
      onReply(this.#identity(reply.value));
    });
  }

  #identity(token: TokenRecord): Reply<Identity> {
    const record = this.#record;
    if (record === null || token.expiresAt <= this.#context.wallMs()) return { ok: false, fault: UNAUTHENTICATED };
    const { device, createdAt, expiresAt } = token;
    return { ok: true, value: { user: { id: record.id, username: record.username }, device, createdAt, expiresAt } };
  }

  #know(token: TokenRecord): void {
    this.#tokens.set(token.tokenHash, token);
    if (this.#tokens.size <= MAX_KNOWN_TOKENS) return;
    const inUse = new Set([...this.#sessions.values()].map((session) => session.tokenHash));
    for (const hash of this.#tokens.keys()) {
      if (this.#tokens.size <= MAX_KNOWN_TOKENS) return;
      if (!inUse.has(hash)) this.#tokens.delete(hash);
    }
  }

  /** The renewed token's sessions live on under the new hash. */
  #carryOver(tokenHash: string, newTokenHash: string): void {
    this.#tokens.delete(tokenHash);
    for (const [key, session] of this.#sessions) {
      if (session.tokenHash !== tokenHash) continue;
      this.#sessions.set(key, { ...session, tokenHash: newTokenHash });
      this.#tell(session.address, { type: 'token-renewed', tokenHash: newTokenHash });
    }
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, newTokenHash], (reply) => {
      if (!reply.ok || reply.value === null) return;
      this.#know(reply.value);
      this.#watchExpiry();
    });
  }

  /** Tokens may be dead although nobody said so: each that is known lives on only if the records still have it. */
  #unknownOutcome(reason: Fault, replyTo: ReplyTo | undefined): void {
    replyTo?.settle(undefined, reason);
    const inUse = [...this.#sessions.values()].map((session) => session.tokenHash);
    for (const hash of new Set([...this.#tokens.keys(), ...inUse])) this.#checkAgain(hash);
  }

  #checkAgain(tokenHash: string): void {
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, tokenHash], (reply) => {
      if (!reply.ok) this.#context.after(CHECK_AGAIN_MS, () => this.#checkAgain(tokenHash));
      else if (reply.value === null) this.#kill([tokenHash], 'the token is not valid any more');
    });
  }

  #kill(hashes: readonly string[], reason: string): void {
    for (const hash of hashes) this.#tokens.delete(hash);
    const dead = new Set(hashes);
    this.#close((session) => dead.has(session.tokenHash), CLOSE.revoked, reason);
  }

  #close(which: (session: OpenSession) => boolean, code: CloseCode, reason: string): void {
    for (const [key, session] of this.#sessions) {
      if (!which(session)) continue;
      this.#sessions.delete(key);
      this.#kick(session, { type: 'kick', code, reason });
    }
  }

  /** Until it is known to have arrived, or the session has found out by itself. */
  #kick(session: OpenSession, kick: Kick): void {
    this.#context.ask(this.#ref(session.address), kick, KICK_DEADLINE_MS, (reply) => {
      if (reply.ok || this.#context.monotonicMs() - session.heardMs > SESSION_LEASE_MS) return;
      this.#context.after(reply.fault.retryAfter ?? 0, () => this.#kick(session, kick));
    });
  }

  /** Expiry closes sockets too. */
  #watchExpiry(): void {
    this.#cancelExpiry?.();
    const now = this.#context.wallMs();
    const next = Math.min(...[...this.#sessions.values()].map((session) => this.#expiryOf(session)));
    if (!Number.isFinite(next)) return;
    this.#cancelExpiry = this.#context.after(Math.min(MAX_TIMER_MS, Math.max(0, next - now)), () => {
      const passed = this.#context.wallMs();
      this.#close((session) => this.#expiryOf(session) <= passed, CLOSE.revoked, 'the token has expired');
      this.#watchExpiry();
    });
  }

  #expiryOf(session: OpenSession): number {
    return this.#tokens.get(session.tokenHash)?.expiresAt ?? Number.POSITIVE_INFINITY;
  }

  // ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #tellSessions(message: SessionMessage): void {
    for (const { address } of this.#sessions.values()) this.#tell(address, message);
  }

  #tell(address: SessionAddress, message: SessionMessage): void {
    this.#context.tell(this.#ref(address), message);
  }

  #ref(address: SessionAddress): Ref<SessionMessage> {
    return this.#context.ref(sessionKind, idOf(address));
  }
}
