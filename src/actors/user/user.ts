/**
 * A user: the one place where a user's tokens and sessions are decided.
 *
 * Owns which tokens are known to be valid, which sessions are open, and which rooms the user is in. Talks to the records
 * and to the user's sessions. Tokens and memberships survive in the records; sessions end with their sockets.
 */

import { CLOSE, type CloseCode } from '../../protocol/close-codes.ts';
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import { pinnedId } from '../../runtime/placement.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { TokenPolicy, TokenRecord, UserRecord } from '../../storage/ports/records.ts';
import { type SessionMessage, sessionKind } from '../session/messages.ts';
import { askRecords } from '../storage/records.ts';
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
/** Longest wait that a timer is set for; a later expiry is looked at again then. */
const MAX_TIMER_MS = 86_400_000;

interface OpenSession {
  readonly address: SessionAddress;
  readonly tokenHash: string;
}

/** Open sessions, which no storage knows: an actor that fails and comes back finds them here. */
type SessionsByUser = Map<string, Map<string, OpenSession>>;

class User implements Actor<UserMessage> {
  readonly #context: Context<UserMessage>;
  readonly #options: UserOptions;
  /** Null: there is no such user. */
  #record: UserRecord | null = null;
  readonly #rooms = new Set<string>();
  readonly #sessions: Map<string, OpenSession>;
  readonly #allSessions: SessionsByUser;
  /** Sessions whose token is being looked up; one that ends meanwhile is taken out. */
  readonly #attaching = new Set<string>();
  readonly #tokens = new Map<string, TokenRecord>();
  #cancelExpiry: CancelTimer | undefined;

  constructor(context: Context<UserMessage>, options: UserOptions, allSessions: SessionsByUser) {
    this.#context = context;
    this.#options = options;
    this.#allSessions = allSessions;
    this.#sessions = allSessions.get(context.self.id) ?? new Map();
    allSessions.set(context.self.id, this.#sessions);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  started(): void {
    this.#context.suspend();
    askRecords(this.#context, 'userById', [this.#context.self.id], (reply) => {
      this.#record = loaded(reply);
      askRecords(this.#context, 'membershipsOf', [this.#context.self.id], (memberships) => {
        for (const { room } of loaded(memberships)) {
          this.#rooms.add(room);
          this.#tellSessions({ type: 'room-entered', room });
        }
        this.#context.resume();
      });
    });
  }

  stopping(): undefined {
    this.#allSessions.delete(this.#context.self.id);
  }

  mayPassivate(): boolean {
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
        this.#rooms.add(message.room);
        return this.#tellSessions({ type: 'room-entered', room: message.room });
      case 'left':
        this.#rooms.delete(message.room);
        return;
      case 'notify':
        return this.#tellSessions({ type: 'notify', frame: message.frame });
    }
  }

  #attach({ session, tokenHash }: AttachSession): void {
    const replyTo = this.#context.replyTo();
    const key = keyOf(session);
    this.#attaching.add(key);
    this.#identify(tokenHash, (reply) => {
      const gone = !this.#attaching.delete(key);
      if (!reply.ok || gone) {
        replyTo?.settle(undefined, reply.ok ? UNAUTHENTICATED : reply.fault);
        return;
      }
      if (this.#sessions.size >= this.#options.maxSockets && !this.#sessions.has(key)) {
        replyTo?.settle(undefined, TOO_MANY_SOCKETS);
        return;
      }
      this.#sessions.set(key, { address: session, tokenHash });
      this.#watchExpiry();
      replyTo?.settle({ identity: reply.value, rooms: [...this.#rooms] }, undefined);
    });
  }

  #detach(session: SessionAddress): void {
    this.#sessions.delete(keyOf(session));
    this.#attaching.delete(keyOf(session));
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
      if (!reply.ok) {
        replyTo?.settle(undefined, reply.fault);
        return;
      }
      this.#kill(reply.value, 'a newer login took this one’s place');
      replyTo?.settle({ expiresAt }, undefined);
    });
  }

  #renewToken({ tokenHash, newTokenHash }: RenewToken): void {
    const replyTo = this.#context.replyTo();
    const expiresAt = this.#context.wallMs() + this.#options.tokenTtlMs;
    askRecords(this.#context, 'renewToken', [this.#context.self.id, tokenHash, newTokenHash, expiresAt], (reply) => {
      if (!reply.ok || !reply.value) {
        replyTo?.settle(undefined, reply.ok ? UNAUTHENTICATED : reply.fault);
        return;
      }
      this.#carryOver(tokenHash, newTokenHash);
      replyTo?.settle({ expiresAt }, undefined);
    });
  }

  #revokeToken({ tokenHash }: RevokeToken): void {
    const replyTo = this.#context.replyTo();
    askRecords(this.#context, 'deleteToken', [this.#context.self.id, tokenHash], (reply) => {
      if (reply.ok) this.#kill([tokenHash], 'logged out');
      if (reply.ok) replyTo?.settle({}, undefined);
      else replyTo?.settle(undefined, reply.fault);
    });
  }

  #replacePassword({ passwordHash, keep }: ReplacePassword): void {
    const replyTo = this.#context.replyTo();
    if (this.#record === null) return this.#context.fail(UNAUTHENTICATED);
    askRecords(this.#context, 'changePassword', [this.#context.self.id, passwordHash, keep], (reply) => {
      if (!reply.ok) {
        replyTo?.settle(undefined, reply.fault);
        return;
      }
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

  #kill(hashes: readonly string[], reason: string): void {
    for (const hash of hashes) this.#tokens.delete(hash);
    const dead = new Set(hashes);
    this.#close((session) => dead.has(session.tokenHash), CLOSE.revoked, reason);
  }

  #close(which: (session: OpenSession) => boolean, code: CloseCode, reason: string): void {
    for (const [key, session] of this.#sessions) {
      if (!which(session)) continue;
      this.#sessions.delete(key);
      this.#tell(session.address, { type: 'kick', code, reason });
    }
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

  #tell({ thread, socket }: SessionAddress, message: SessionMessage): void {
    this.#context.tell(this.#context.ref(sessionKind, pinnedId(thread, socket)), message);
  }
}

function keyOf({ thread, socket }: SessionAddress): string {
  return pinnedId(thread, socket);
}

/** A user that cannot load fails, and is tried again by its supervisor. */
function loaded<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new Error(`a user cannot load: ${reply.fault.message}`);
}
