/** Moderation over HTTP: what administrators of the server do, each with an entry in the log, and where people report. */
import { type Elysia, t } from 'elysia';
import { aboutOf } from '../actors/moderation/messages.ts';
import { fault } from '../protocol/faults.ts';
import { LIMITS } from '../protocol/limits.ts';
import { FOREVER, type Report } from '../storage/ports/moderation.ts';
import { json, noContent } from './answers.ts';
import { AskedDesk } from './asked-desk.ts';
import type { BearersOptions } from './bearers.ts';
import { messageOfFrame } from './message-json.ts';
import { problem } from './problem.ts';
import { isUsername } from './usernames.ts';

const MAX_PAGE = 100;
const ID = t.String({ pattern: `^[A-Za-z0-9_~-]{1,${LIMITS.maxIdLength}}$` });
const REASON = t.String({ minLength: 1, maxLength: LIMITS.maxReportLength });
const PAGE = {
  cursor: t.Optional(t.Integer({ minimum: 1 })),
  limit: t.Optional(t.Integer({ minimum: 1, maximum: MAX_PAGE })),
};
const Standing = t.Object({
  admin: t.Boolean(),
  bot: t.Boolean(),
  suspendedUntil: t.Optional(t.Integer()),
  suspended: t.Boolean(),
  reason: t.String(),
  deletedAt: t.Optional(t.Integer()),
});
const BotToken = t.Object({
  user: t.Object({ id: t.String(), username: t.String() }),
  token: t.String(),
  expiresAt: t.Integer(),
});
const detail = (summary: string) => ({ summary, tags: ['administration'], security: [{ bearer: [] }] });

interface Page {
  readonly cursor?: number;
  readonly limit?: number;
}

/** Who may do it is decided by the desk alone: every route asks it as the user that the token names. */
export function adminRoutes<App extends Elysia>(app: App, options: BearersOptions): App {
  const desk = new AdminDesk(options);
  userRoutes(app, desk);
  app.post('/v1/admin/bots', ({ request, body }) => desk.makeBot(request, body.username), {
    body: t.Object({ username: t.String({ minLength: 1, maxLength: LIMITS.maxUsernameLength }) }),
    response: { 201: BotToken },
    detail: detail('Makes a bot: a user without a password, with a token that lasts.'),
  });
  app.post('/v1/admin/bots/:user/token', ({ request, params }) => desk.renewBot(request, params.user), {
    params: t.Object({ user: ID }),
    response: { 200: BotToken },
    detail: detail('A new token for a bot; the one before it dies.'),
  });
  app.post(
    '/v1/admin/rooms/:room/messages/:seq/recall',
    ({ request, params, body }) => desk.recall(request, params, body.reason),
    {
      params: t.Object({ room: ID, seq: t.Integer({ minimum: 1 }) }),
      body: t.Object({ reason: REASON }),
      response: { 200: t.Object({ change: t.Integer() }) },
      detail: detail('Recalls any message of any room.'),
    },
  );
  app.get('/v1/admin/reports', ({ request, query }) => desk.reports(request, query.state ?? 'open', query), {
    query: t.Object({ state: t.Optional(t.Union([t.Literal('open'), t.Literal('resolved')])), ...PAGE }),
    detail: detail('What was reported, newest first.'),
  });
  app.post(
    '/v1/admin/reports/:id/resolve',
    ({ request, params, body }) => desk.resolve(request, params.id, body.note),
    {
      params: t.Object({ id: t.Integer({ minimum: 1 }) }),
      body: t.Object({ note: t.String({ maxLength: LIMITS.maxReportLength }) }),
      detail: detail('Closes a report with a note.'),
    },
  );
  app.get('/v1/admin/audit', ({ request, query }) => desk.audit(request, query), {
    query: t.Object(PAGE),
    detail: detail('What administrators and the operator did, newest first.'),
  });
  app.post('/v1/reports', ({ request, body }) => desk.report(request, body), {
    body: t.Object({
      room: t.Optional(ID),
      seq: t.Optional(t.Integer({ minimum: 1 })),
      user: t.Optional(ID),
      reason: REASON,
    }),
    response: { 201: t.Object({ report: t.Integer() }) },
    detail: { ...detail('Tells the administrators of a message or of a user.'), tags: ['messages'] },
  });
  return app;
}

function userRoutes<App extends Elysia>(app: App, desk: AdminDesk): void {
  const params = t.Object({ user: ID });
  app.get('/v1/admin/users/:user', ({ request, params: { user } }) => desk.look(request, user), {
    params,
    response: { 200: t.Object({ user: BotToken.properties.user, standing: Standing }) },
    detail: detail('A user, and how they stand with the server.'),
  });
  app.post(
    '/v1/admin/users/:user/suspend',
    ({ request, params: { user }, body }) => desk.suspend(request, user, body),
    {
      params,
      body: t.Object({
        until: t.Optional(t.Integer({ minimum: 1, description: 'Milliseconds since the epoch; for ever if absent.' })),
        reason: REASON,
      }),
      detail: detail('Suspends a user: their tokens die, and no login succeeds until then.'),
    },
  );
  app.post('/v1/admin/users/:user/lift', ({ request, params: { user } }) => desk.lift(request, user), {
    params,
    detail: detail('Ends a suspension.'),
  });
  app.put('/v1/admin/users/:user/admin', ({ request, params: { user } }) => desk.setAdmin(request, user, true), {
    params,
    detail: detail('Makes a user an administrator of the server.'),
  });
  app.delete('/v1/admin/users/:user/admin', ({ request, params: { user } }) => desk.setAdmin(request, user, false), {
    params,
    detail: detail('Takes the right away.'),
  });
}

class AdminDesk {
  readonly #desk: AskedDesk;

  constructor(options: BearersOptions) {
    this.#desk = new AskedDesk(options);
  }

  look(request: Request, user: string): Promise<Response> {
    return this.#desk.ask(
      request,
      (by) => ({ type: 'look-at-user', by, user }),
      ({ user: person, standing }) => {
        const { suspendedUntil, deletedAt, ...rest } = standing;
        const shown = {
          ...rest,
          suspended: suspendedUntil > Date.now(),
          ...(suspendedUntil === 0 || suspendedUntil === FOREVER ? {} : { suspendedUntil }),
          ...(deletedAt === 0 ? {} : { deletedAt }),
        };
        return json(200, { user: person, standing: shown });
      },
    );
  }

  suspend(request: Request, user: string, body: { until?: number; reason: string }): Promise<Response> {
    const { until = FOREVER, reason } = body;
    return this.#desk.ask(request, (by) => ({ type: 'suspend-user', by, user, until, reason }), noContent);
  }

  lift(request: Request, user: string): Promise<Response> {
    return this.#desk.ask(request, (by) => ({ type: 'lift-suspension', by, user }), noContent);
  }

  setAdmin(request: Request, user: string, admin: boolean): Promise<Response> {
    return this.#desk.ask(request, (by) => ({ type: 'set-admin', by, user, admin }), noContent);
  }

  makeBot(request: Request, name: string): Promise<Response> {
    const username = name.normalize('NFC');
    if (!isUsername(username)) return Promise.resolve(problem(fault('invalid', 'username: not a name')));
    return this.#desk.ask(
      request,
      (by) => ({ type: 'make-bot', by, username }),
      (made) => json(201, made),
    );
  }

  renewBot(request: Request, user: string): Promise<Response> {
    return this.#desk.ask(
      request,
      (by) => ({ type: 'renew-bot', by, user }),
      (renewed) => json(200, renewed),
    );
  }

  recall(request: Request, message: { room: string; seq: number }, reason: string): Promise<Response> {
    return this.#desk.ask(
      request,
      (by) => ({ type: 'recall-message', by, ...message, reason }),
      ({ change }) => json(200, { change }),
    );
  }

  reports(
    request: Request,
    state: 'open' | 'resolved',
    { cursor = FOREVER, limit = MAX_PAGE }: Page,
  ): Promise<Response> {
    return this.#desk.ask(
      request,
      (by) => ({ type: 'list-reports', by, state, before: cursor, limit }),
      (reports) => json(200, { reports: reports.map(reportJson), ...nextCursor(reports, limit) }),
    );
  }

  resolve(request: Request, id: number, note: string): Promise<Response> {
    return this.#desk.ask(request, (by) => ({ type: 'resolve-report', by, id, note }), noContent);
  }

  audit(request: Request, { cursor = FOREVER, limit = MAX_PAGE }: Page): Promise<Response> {
    return this.#desk.ask(
      request,
      (by) => ({ type: 'read-audit', by, before: cursor, limit }),
      (entries) => {
        const shown = entries.map(({ detail: text, ...entry }) => ({ ...entry, detail: JSON.parse(text) as unknown }));
        return json(200, { entries: shown, ...nextCursor(entries, limit) });
      },
    );
  }

  report(request: Request, body: { room?: string; seq?: number; user?: string; reason: string }): Promise<Response> {
    const about = aboutOf(body);
    if (about === undefined) {
      return Promise.resolve(problem(fault('invalid', 'body: either room and seq, or user')));
    }
    return this.#desk.ask(
      request,
      (by) => ({ type: 'file-report', by, about, reason: body.reason }),
      ({ id }) => json(201, { report: id }),
    );
  }
}

function nextCursor(rows: readonly { readonly id: number }[], limit: number): { readonly cursor?: number } {
  const last = rows.at(-1);
  return last === undefined || rows.length < limit ? {} : { cursor: last.id };
}

/** With the message as it was when it was reported. A body that is not text, an encrypted one too, is shown as base64. */
function reportJson({ evidence, ...report }: Report): unknown {
  const { room, seq, resolvedBy, resolvedAt, note, ...rest } = report;
  return {
    ...rest,
    ...(seq === 0 ? {} : { room, seq, message: messageOfFrame(evidence) }),
    ...(report.state === 'resolved' ? { resolvedBy, resolvedAt, note } : {}),
  };
}
