/**
 * A user: the one place where a user's tokens and sessions are decided.
 *
 * Owns which tokens are known to be valid, which sessions are open, and which rooms the user is in. Talks to the records
 * and to the user's sessions. Tokens and memberships survive in the records; sessions end with their sockets.
 */

import { CLOSE } from '../../protocol/close-codes.ts';
import { fault } from '../../protocol/faults.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { CancelTimer } from '../../runtime/host.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import type { TokenPolicy, TokenRecord } from '../../storage/ports/records.ts';
import type { Person } from '../room/messages.ts';
import { askRecords } from '../storage/records.ts';
import { Devices } from './devices.ts';
import { KnownTokens } from './known-tokens.ts';
import { Loading, USER_AWAY } from './loading.ts';
import { Memberships } from './memberships.ts';
import type {
  AttachSession,
  Authenticate,
  Identity,
  IssueToken,
  RenewToken,
  ReplacePassword,
  RevokeDevice,
  RevokeToken,
  SessionAddress,
  UserMessage,
} from './messages.ts';
import { Attaching, idOf, type OpenSession, OpenSessions } from './open-sessions.ts';
import { SessionsOfUser } from './sessions-of-user.ts';

export interface UserOptions {
  readonly policy: TokenPolicy;
  readonly tokenTtlMs: number;
  /** Oldest tokens go when a login would exceed it. */
  readonly maxTokens: number;
  readonly maxSockets: number;
  /** Whether there is an index of sessions to keep. */
  readonly indexed?: boolean;
}

export function user(options: UserOptions): Behaviour<UserMessage> {
  const sessions: SessionsByUser = new Map();
  return (context) => new User(context, options, sessions);
}

const UNAUTHENTICATED = fault('unauthenticated', 'the token is not valid');
const NO_SUCH_DEVICE = fault('not_found', 'nobody is logged in on this device');
const TOO_MANY_SOCKETS = fault('rate_limited', 'the user has too many open sockets', 10_000);
/** Memberships are looked up again once they are this old and a session attaches. */
const ROOMS_FRESH_MS = LIMITS.heartbeatMs;
const CHECK_AGAIN_MS = 500;
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
  readonly #loading: Loading;
  readonly #sessions: OpenSessions;
  readonly #lines: SessionsOfUser;
  readonly #devices: Devices;
  readonly #allSessions: SessionsByUser;
  readonly #attaching = new Attaching();
  readonly #tokens = new KnownTokens();
  /** Renewals under way: the records may tell of the old hash's death before they have answered. */
  readonly #renewing = new Set<RenewToken>();
  #cancelExpiry: CancelTimer | undefined;

  constructor(context: Context<UserMessage>, options: UserOptions, allSessions: SessionsByUser) {
    this.#context = context;
    this.#options = options;
    this.#allSessions = allSessions;
    this.#rooms = new Memberships(context, (room) => this.#lines.tellAll({ type: 'room-entered', room }));
    this.#loading = new Loading(context, this.#rooms, (record) => {
      this.#record = record;
    });
    this.#sessions = allSessions.get(context.self.id) ?? new OpenSessions();
    this.#lines = new SessionsOfUser(context, this.#sessions);
    this.#devices = new Devices(context, this.#sessions, options.indexed ?? false);
    allSessions.set(context.self.id, this.#sessions);
  }

  // ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  started(): void {
    this.#loading.start();
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
    if (this.#loading.refuses(message)) return this.#context.fail(USER_AWAY);
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
      case 'list-devices':
        return this.#devices.list(message.tokenHash, this.#context.replyTo());
      case 'revoke-device':
        return this.#revokeDevice(message);
      case 'replace-password':
        return this.#replacePassword(message);
      case 'tokens-died':
        return this.#tokensDied(message.hashes);
      case 'look-again':
        return this.#lookAgain();
      case 'entered':
        this.#rooms.entered(message.room);
        return this.#context.reply({});
      case 'left':
        this.#rooms.left(message.room);
        return this.#context.reply({});
      case 'notify':
        return this.#lines.tellAll({ type: 'notify', frame: message.frame });
    }
  }

  #attach({ session, tokenHash }: AttachSession): void {
    const replyTo = this.#context.replyTo();
    const key = idOf(session);
    this.#attaching.begin(key);
    this.#identify(tokenHash, (reply) => {
      const gone = !this.#attaching.end(key);
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
      this.#devices.saw(tokenHash, reply.value.device);
      this.#watchExpiry();
      this.#rooms.refresh(ROOMS_FRESH_MS);
      replyTo?.settle({ identity: reply.value, rooms: this.#rooms.list() }, undefined);
    });
  }

  #detach(session: SessionAddress): void {
    const open = this.#sessions.get(idOf(session));
    this.#sessions.delete(idOf(session));
    if (open !== undefined) this.#devices.left(open.tokenHash);
    this.#attaching.forget(idOf(session));
  }

  #authenticate({ tokenHash }: Authenticate): void {
    const replyTo = this.#context.replyTo();
    this.#identify(tokenHash, (reply) => {
      if (reply.ok) this.#devices.saw(tokenHash, reply.value.device);
      if (reply.ok) replyTo?.settle(reply.value, undefined);
      else replyTo?.settle(undefined, reply.fault);
    });
  }

  #issueToken({ tokenHash, device, ttlMs }: IssueToken): void {
    const record = this.#record;
    if (record === null) return this.#context.fail(UNAUTHENTICATED);
    const replyTo = this.#context.replyTo();
    const { policy, maxTokens, tokenTtlMs } = this.#options;
    const createdAt = this.#context.wallMs();
    const expiresAt = createdAt + (ttlMs ?? tokenTtlMs);
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

  #renewToken(renewal: RenewToken): void {
    const { tokenHash, newTokenHash } = renewal;
    const replyTo = this.#context.replyTo();
    const expiresAt = this.#context.wallMs() + this.#options.tokenTtlMs;
    this.#renewing.add(renewal);
    askRecords(this.#context, 'renewToken', [this.#context.self.id, tokenHash, newTokenHash, expiresAt], (reply) => {
      this.#renewing.delete(renewal);
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      if (!reply.value) {
        this.#tokensDied([tokenHash]);
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

  #revokeDevice({ device }: RevokeDevice): void {
    const replyTo = this.#context.replyTo();
    askRecords(this.#context, 'deleteDevice', [this.#context.self.id, device], (reply) => {
      if (!reply.ok) return this.#unknownOutcome(reply.fault, replyTo);
      this.#kill(reply.value, 'logged out from another device');
      if (reply.value.length > 0) replyTo?.settle({}, undefined);
      else replyTo?.settle(undefined, NO_SUCH_DEVICE);
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

  /**
   * The token's owner, out of memory or out of the records. An answer that a revocation has overtaken is put right by the
   * next telling of that death.
   */
  #identify(tokenHash: string, onReply: (reply: Reply<Identity>) => void): void {
    const known = this.#tokens.get(tokenHash);
    if (known !== undefined) return onReply(this.#identity(known));
    if (this.#record === null) return onReply({ ok: false, fault: UNAUTHENTICATED });
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, tokenHash], (reply) => {
      if (!reply.ok) return onReply(reply);
      if (reply.value === null) return onReply({ ok: false, fault: UNAUTHENTICATED });
      this.#tokens.learn(reply.value, this.#sessions.tokens());
      onReply(this.#identity(reply.value));
    });
  }

  #identity(token: TokenRecord): Reply<Identity> {
    const record = this.#record;
    if (record === null || token.expiresAt <= this.#context.wallMs()) return { ok: false, fault: UNAUTHENTICATED };
    const { device, createdAt, expiresAt } = token;
    return { ok: true, value: { user: { id: record.id, username: record.username }, device, createdAt, expiresAt } };
  }

  /** The renewed token's sessions live on under the new hash. */
  #carryOver(tokenHash: string, newTokenHash: string): void {
    this.#tokens.forget(tokenHash);
    this.#devices.forget([tokenHash]);
    for (const [key, session] of this.#sessions) {
      if (session.tokenHash !== tokenHash) continue;
      this.#sessions.set(key, { ...session, tokenHash: newTokenHash });
      this.#lines.tell(session.address, { type: 'token-renewed', tokenHash: newTokenHash });
    }
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, newTokenHash], (reply) => {
      if (!reply.ok || reply.value === null) return;
      this.#tokens.learn(reply.value, this.#sessions.tokens());
      this.#watchExpiry();
    });
  }

  #unknownOutcome(reason: Fault, replyTo: ReplyTo | undefined): void {
    replyTo?.settle(undefined, reason);
    this.#lookAgain();
  }

  /** Tokens may be dead although nobody said so: each that is known lives on only if the records still have it. */
  #lookAgain(): void {
    for (const hash of new Set([...this.#tokens.hashes(), ...this.#sessions.tokens()])) this.#checkAgain(hash);
  }

  /** Of a hash that is being renewed, the renewal's answer says what becomes. */
  #tokensDied(hashes: readonly string[]): void {
    const renewing = new Set([...this.#renewing].map(({ tokenHash }) => tokenHash));
    const dead = hashes.filter((hash) => !renewing.has(hash));
    this.#kill(dead, 'the token is not valid any more');
  }

  #checkAgain(tokenHash: string): void {
    askRecords(this.#context, 'tokenByHash', [this.#context.self.id, tokenHash], (reply) => {
      if (!reply.ok) this.#context.after(CHECK_AGAIN_MS, () => this.#checkAgain(tokenHash));
      else if (reply.value === null) this.#tokensDied([tokenHash]);
    });
  }

  #kill(hashes: readonly string[], reason: string): void {
    for (const hash of hashes) this.#tokens.forget(hash);
    this.#devices.forget(hashes);
    const dead = new Set(hashes);
    this.#lines.close((session) => dead.has(session.tokenHash), CLOSE.revoked, reason);
  }

  /** Expiry closes sockets too. */
  #watchExpiry(): void {
    this.#cancelExpiry?.();
    const now = this.#context.wallMs();
    const next = Math.min(...[...this.#sessions.tokens()].map((hash) => this.#tokens.expiryOf(hash)));
    if (!Number.isFinite(next)) return;
    this.#cancelExpiry = this.#context.after(Math.min(MAX_TIMER_MS, Math.max(0, next - now)), () => {
      const passed = this.#context.wallMs();
      const isPast = ({ tokenHash }: OpenSession): boolean => this.#tokens.expiryOf(tokenHash) <= passed;
      this.#lines.close(isPast, CLOSE.revoked, 'the token has expired');
      this.#watchExpiry();
    });
  }
}
