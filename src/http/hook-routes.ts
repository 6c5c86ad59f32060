/** Hooks over HTTP: administrators say which other programs are told of messages, and look after what was not taken. */
import { type Elysia, t } from 'elysia';
import { LIMITS } from '../protocol/limits.ts';
import { MAX_ROOMS_OF_HOOK } from '../storage/ports/hooks.ts';
import { json, noContent } from './answers.ts';
import { AskedDesk } from './asked-desk.ts';
import type { BearersOptions } from './bearers.ts';

export interface HookRoutesOptions extends BearersOptions {
  readonly newSecret: () => string;
}

const ID = t.String({ pattern: `^[A-Za-z0-9_~-]{1,${LIMITS.maxIdLength}}$` });
const NewHook = t.Object({
  url: t.String({ minLength: 1, maxLength: 2_048 }),
  events: t.Optional(t.Array(t.Literal('message'), { minItems: 1, maxItems: 1, description: 'So far there is one.' })),
  rooms: t.Optional(t.Array(ID, { maxItems: MAX_ROOMS_OF_HOOK, description: 'All rooms where none is named.' })),
  secret: t.Optional(t.String({ minLength: 16, maxLength: 64, description: 'A random one if absent.' })),
});
const Hook = {
  id: t.String(),
  url: t.String(),
  events: t.Array(t.Literal('message')),
  rooms: t.Array(t.String()),
  createdAt: t.Integer(),
};
const Dead = t.Object({
  id: t.String(),
  room: t.String(),
  seq: t.Integer(),
  attempts: t.Integer(),
  reason: t.String(),
  diedAt: t.Integer(),
});
const EVENTS = ['message'] as const;
const detail = (summary: string) => ({ summary, tags: ['administration'], security: [{ bearer: [] }] });

/** Who may do it is decided by the desk alone. */
export function hookRoutes<App extends Elysia>(app: App, options: HookRoutesOptions): App {
  const desk = new AskedDesk(options);
  const params = t.Object({ hook: ID });
  app.post(
    '/v1/admin/hooks',
    ({ request, body: { url, rooms = [], secret = options.newSecret() } }) =>
      desk.ask(
        request,
        (by) => ({ type: 'add-hook', by, url, rooms, secret }),
        (hook) => json(201, { ...hook, events: EVENTS }),
      ),
    {
      body: NewHook,
      response: { 201: t.Object({ ...Hook, secret: t.String() }) },
      detail: detail('Makes a hook; its secret is in this answer only.'),
    },
  );
  app.get(
    '/v1/admin/hooks',
    ({ request }) =>
      desk.ask(
        request,
        (by) => ({ type: 'list-hooks', by }),
        (hooks) => json(200, { hooks: hooks.map(({ secret: _, ...hook }) => ({ ...hook, events: EVENTS })) }),
      ),
    { response: { 200: t.Object({ hooks: t.Array(t.Object(Hook)) }) }, detail: detail('All hooks.') },
  );
  app.delete(
    '/v1/admin/hooks/:hook',
    ({ request, params: { hook } }) => desk.ask(request, (by) => ({ type: 'remove-hook', by, hook }), noContent),
    { params, detail: detail('Removes a hook, and with it what waits for it.') },
  );
  app.get(
    '/v1/admin/hooks/:hook/dead',
    ({ request, params: { hook } }) =>
      desk.ask(
        request,
        (by) => ({ type: 'list-dead-of-hook', by, hook }),
        (dead) => json(200, { dead }),
      ),
    {
      params,
      response: { 200: t.Object({ dead: t.Array(Dead) }) },
      detail: detail('What the hook has not taken in all of its tries.'),
    },
  );
  replayRoute(app, desk);
  return app;
}

function replayRoute<App extends Elysia>(app: App, desk: AskedDesk): void {
  app.post(
    '/v1/admin/hooks/:hook/replay',
    ({ request, params: { hook }, body: { events } }) =>
      desk.ask(
        request,
        (by) => ({ type: 'replay-hook', by, hook, ...(events === undefined ? {} : { events }) }),
        (answer) => json(200, answer),
      ),
    {
      params: t.Object({ hook: ID }),
      body: t.Object({ events: t.Optional(t.Array(ID, { maxItems: 1_000, description: 'All where absent.' })) }),
      response: { 200: t.Object({ replayed: t.Integer() }) },
      detail: detail('Sends what is dead again.'),
    },
  );
}
