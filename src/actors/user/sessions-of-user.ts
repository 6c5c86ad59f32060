/** What a user's actor says to the user's sessions: news, and that they are over. */
import type { CloseCode } from '../../protocol/close-codes.ts';
import type { Context } from '../../runtime/context.ts';
import type { Ref } from '../../runtime/ref.ts';
import { type Kick, type SessionMessage, sessionKind } from '../session/messages.ts';
import type { SessionAddress, UserMessage } from './messages.ts';
import { idOf, type OpenSession, type OpenSessions, SESSION_LEASE_MS } from './open-sessions.ts';

const KICK_DEADLINE_MS = 2_000;

export class SessionsOfUser {
  readonly #context: Context<UserMessage>;
  readonly #open: OpenSessions;

  constructor(context: Context<UserMessage>, open: OpenSessions) {
    this.#context = context;
    this.#open = open;
  }

  tellAll(message: SessionMessage): void {
    for (const { address } of this.#open.values()) this.tell(address, message);
  }

  tell(address: SessionAddress, message: SessionMessage): void {
    this.#context.tell(this.#ref(address), message);
  }

  close(which: (session: OpenSession) => boolean, code: CloseCode, reason: string): void {
    for (const [key, session] of this.#open) {
      if (!which(session)) continue;
      this.#open.delete(key);
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

  #ref(address: SessionAddress): Ref<SessionMessage> {
    return this.#context.ref(sessionKind, idOf(address));
  }
}
