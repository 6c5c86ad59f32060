/** Accounts over HTTP: from a body or a bearer token to one question to an actor. */

import { type Elysia, t } from 'elysia';
import { type AccountsMessage, accountsKind } from '../actors/accounts/messages.ts';
import { fault } from '../protocol/faults.ts';
import { pinnedId } from '../runtime/placement.ts';
import type { AnswerOf, Reply } from '../runtime/reply.ts';
import type { Shard } from '../runtime/shard.ts';
import { json, noContent } from './answers.ts';
import { Bearers } from './bearers.ts';
import { problem } from './problem.ts';
import { isUsername } from './usernames.ts';

export interface AccountRoutesOptions {
  readonly shard: Shard;
  readonly newToken: (userId: string) => string;
  readonly hashToken: (token: string) => string;
  /** Milliseconds to wait before this request may be made, or 0. */
  readonly mayTry: (request: Request, name: string) => number;
}

const DEADLINE_MS = 15_000;
const PASSWORD = t.String({ minLength: 8, maxLength: 1024, description: '8 to 1,024 characters.' });
const USERNAME = t.String({
  minLength: 1,
  maxLength: 64,
  description: 'Letters, digits, `.`, `_` and `-`; compared exactly.',
});
const DEVICE = t.String({ minLength: 1, maxLength: 64, description: 'Name of the device; a random one if absent.' });

const User = t.Object({ id: t.String(), username: t.String() });
const Session = t.Object({ token: t.String(), expiresAt: t.Integer(), device: t.String(), user: User });
const Renewed = t.Object({ token: t.String(), expiresAt: t.Integer() });
const Device = t.Object({
  device: t.String(),
  createdAt: t.Integer(),
  expiresAt: t.Integer(),
  lastSeen: t.Integer(),
  sockets: t.Integer(),
  current: t.Boolean(),
});
const detail = (summary: string, auth = true) => ({
  summary,
  tags: ['accounts'],
  ...(auth ? { security: [{ bearer: [] }] } : {}),
});

export function accountRoutes<App extends Elysia>(app: App, options: AccountRoutesOptions): App {
  const desk = new Desk(options);
  app.post('/v1/register', ({ body, request }) => desk.register(request, body), {
    body: t.Object({ username: USERNAME, password: PASSWORD }),
    response: { 201: t.Object({ user: User }) },
    detail: detail('Makes an account.', false),
  });
  app.post('/v1/login', ({ body, request }) => desk.login(request, body), {
    body: t.Object({ username: t.String(), password: t.String({ maxLength: 1024 }), device: t.Optional(DEVICE) }),
    response: { 200: Session },
    detail: detail('Logs in and issues a token.', false),
  });
  app.post('/v1/logout', ({ request }) => desk.logout(request), { detail: detail('Revokes the token at hand.') });
  app.post('/v1/token', ({ request }) => desk.renew(request), {
    response: { 200: Renewed },
    detail: detail('Puts a new token in the place of the one at hand.'),
  });
  app.post('/v1/password', ({ body, request }) => desk.changePassword(request, body), {
    body: t.Object({ old: t.String({ maxLength: 1024 }), new: PASSWORD }),
    detail: detail('Changes the password; all other tokens die.'),
  });
  app.get('/v1/me', ({ request }) => desk.me(request), {
    response: { 200: t.Object({ user: User, device: t.String(), expiresAt: t.Integer() }) },
    detail: detail('Who the token belongs to.'),
  });
  app.delete('/v1/me', ({ request, body }) => desk.deleteAccount(request, body.password), {
    body: t.Object({ password: t.String({ maxLength: 1024 }) }),
    detail: detail('Deletes the account for good: memberships, tokens and the name end; messages stay.'),
  });
  app.get('/v1/devices', ({ request }) => desk.devices(request), {
    response: { 200: t.Object({ devices: t.Array(Device) }) },
    detail: detail('The devices that one is logged in on, the latest login first.'),
  });
  app.delete('/v1/devices/:device', ({ request, params }) => desk.revokeDevice(request, params.device), {
    params: t.Object({ device: DEVICE }),
    detail: detail('Ends the token of a device, and closes its sockets.'),
  });
  return app;
}

class Desk {
  readonly #options: AccountRoutesOptions;
  readonly #bearers: Bearers;

  constructor(options: AccountRoutesOptions) {
    this.#options = options;
    this.#bearers = new Bearers(options);
  }

  async register(request: Request, { username, password }: { username: string; password: string }): Promise<Response> {
    const waitMs = this.#options.mayTry(request, username);
    if (waitMs > 0) return tooFast(waitMs);
    const name = username.normalize('NFC');
    if (!isUsername(name)) {
      return problem(fault('invalid', 'username: letters, digits, dots, underscores and hyphens only'));
    }
    const reply = await this.#accounts({ type: 'register', username: name, password });
    return reply.ok ? json(201, { user: reply.value }) : problem(reply.fault);
  }

  async login(
    request: Request,
    { username, password, device }: { username: string; password: string; device?: string },
  ): Promise<Response> {
    const waitMs = this.#options.mayTry(request, username);
    if (waitMs > 0) return tooFast(waitMs);
    const named = device === undefined ? {} : { device };
    const reply = await this.#accounts({ type: 'login', username: username.normalize('NFC'), password, ...named });
    return reply.ok ? json(200, reply.value) : problem(reply.fault);
  }

  logout(request: Request): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity, tokenHash }) => {
      const reply = await this.#bearers.user(identity.user.id, { type: 'revoke-token', tokenHash });
      return reply.ok ? noContent() : problem(reply.fault);
    });
  }

  renew(request: Request): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity, tokenHash }) => {
      const token = this.#options.newToken(identity.user.id);
      const newTokenHash = this.#options.hashToken(token);
      const reply = await this.#bearers.user(identity.user.id, { type: 'renew-token', tokenHash, newTokenHash });
      return reply.ok ? json(200, { token, expiresAt: reply.value.expiresAt }) : problem(reply.fault);
    });
  }

  changePassword(request: Request, body: { old: string; new: string }): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity, tokenHash }) => {
      const waitMs = this.#options.mayTry(request, identity.user.username);
      if (waitMs > 0) return tooFast(waitMs);
      const change = { type: 'change-password', user: identity.user.id, ...body, tokenHash } as const;
      const reply = await this.#accounts(change);
      return reply.ok ? noContent() : problem(reply.fault);
    });
  }

  me(request: Request): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity: { user, device, expiresAt } }) =>
      json(200, { user, device, expiresAt }),
    );
  }

  deleteAccount(request: Request, password: string): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity: { user } }) => {
      const waitMs = this.#options.mayTry(request, user.username);
      if (waitMs > 0) return tooFast(waitMs);
      const reply = await this.#accounts({ type: 'delete-account', user: user.id, password });
      return reply.ok ? noContent() : problem(reply.fault);
    });
  }

  devices(request: Request): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity, tokenHash }) => {
      const reply = await this.#bearers.user(identity.user.id, { type: 'list-devices', tokenHash });
      return reply.ok ? json(200, { devices: reply.value }) : problem(reply.fault);
    });
  }

  revokeDevice(request: Request, device: string): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity }) => {
      const reply = await this.#bearers.user(identity.user.id, { type: 'revoke-device', device });
      return reply.ok ? noContent() : problem(reply.fault);
    });
  }

  #accounts<const Q extends AccountsMessage>(message: Q): Promise<Reply<AnswerOf<AccountsMessage, Q>>> {
    const { shard } = this.#options;
    return shard.ask(shard.ref(accountsKind, pinnedId(shard.thread, 0)), message, DEADLINE_MS);
  }
}

function tooFast(waitMs: number): Response {
  return problem(fault('rate_limited', 'too many tries', waitMs));
}
