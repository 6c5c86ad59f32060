/** Messages over HTTP, for bots and scripts: the same rooms, checks and idempotence as on the socket. */
import { type Elysia, t } from 'elysia';
import { type RoomMessage, roomKind } from '../actors/room/messages.ts';
import { type Fault, fault } from '../protocol/faults.ts';
import { encodeBody } from '../protocol/frames/body.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { AnswerOf, Reply } from '../runtime/reply.ts';
import { AddressLimit } from './address-limit.ts';
import { json } from './answers.ts';
import { Bearers, type BearersOptions } from './bearers.ts';
import { messageOfFrame } from './message-json.ts';
import { problem } from './problem.ts';

export interface MessageRoutesOptions extends BearersOptions {
  readonly rateLimit: boolean;
}

const DEADLINE_MS = 10_000;
/** Of one user on one thread: as much as a socket may. */
const BY_USER = { burst: 500, perMinute: 6_000, maxKeys: 50_000 };
const ID = t.String({ pattern: `^[A-Za-z0-9_~-]{1,${LIMITS.maxIdLength}}$` });
const Seq = t.Integer({ minimum: 1 });

const NewMessage = t.Object({
  nonce: t.Optional(
    t.String({
      minLength: 1,
      maxLength: LIMITS.maxNonceBytes,
      description: 'Repeat it with a repetition; a random one if absent.',
    }),
  ),
  text: t.Optional(t.String({ minLength: 1, description: 'Posts a body of the type `text`.' })),
  body: t.Optional(t.String({ minLength: 1, description: 'The encoded body in base64, in the place of `text`.' })),
  replyTo: t.Optional(Seq),
  mentions: t.Optional(t.Array(ID, { maxItems: LIMITS.maxMentions })),
});

interface NewMessage {
  readonly nonce?: string;
  readonly text?: string;
  readonly body?: string;
  readonly replyTo?: number;
  readonly mentions?: readonly string[];
}

interface Range {
  readonly before?: number;
  readonly after?: number;
  readonly limit?: number;
}

export function messageRoutes<App extends Elysia>(app: App, options: MessageRoutesOptions): App {
  const counter = new MessageCounter(options);
  const params = t.Object({ room: ID });
  const detail = (summary: string) => ({ summary, tags: ['messages'], security: [{ bearer: [] }] });
  app.post('/v1/rooms/:room/messages', ({ request, params: { room }, body }) => counter.post(request, room, body), {
    params,
    body: NewMessage,
    response: { 201: t.Object({ seq: Seq, at: t.Integer() }) },
    detail: detail('Posts a message; answered once it is durable.'),
  });
  app.get('/v1/rooms/:room/messages', ({ request, params: { room }, query }) => counter.history(request, room, query), {
    params,
    query: t.Object({
      before: t.Optional(t.Integer({ minimum: 0 })),
      after: t.Optional(t.Integer({ minimum: 0 })),
      limit: t.Optional(t.Integer({ minimum: 1, maximum: LIMITS.maxHistoryMessages })),
    }),
    detail: detail('Messages of a room, ascending by seq; the newest where neither `before` nor `after` is given.'),
  });
  return app;
}

class MessageCounter {
  readonly #options: MessageRoutesOptions;
  readonly #bearers: Bearers;
  readonly #limit = new AddressLimit(BY_USER, () => performance.now());
  /** Every post is a run of its own: one that is refused holds up no other. */
  #runs = 0;

  constructor(options: MessageRoutesOptions) {
    this.#options = options;
    this.#bearers = new Bearers(options);
  }

  post(request: Request, room: string, message: NewMessage): Promise<Response> {
    return this.#asUser(request, async (user) => {
      const body = bodyOf(message);
      if (!(body instanceof Uint8Array)) return problem(body);
      const { nonce = crypto.randomUUID(), replyTo, mentions } = message;
      if (Buffer.byteLength(nonce) > LIMITS.maxNonceBytes) return problem(fault('invalid', 'nonce: at most 64 bytes'));
      this.#runs += 1;
      const reply = await this.#ask(room, {
        type: 'post',
        user,
        session: `${this.#options.shard.thread}.http-${user}`,
        run: this.#runs,
        place: 0,
        nonce,
        body,
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(mentions === undefined ? {} : { mentions }),
      });
      return reply.ok ? json(201, { seq: reply.value.seq, at: reply.value.at }) : problem(reply.fault);
    });
  }

  history(request: Request, room: string, range: Range): Promise<Response> {
    const { before, after, limit = LIMITS.defaultHistoryMessages } = range;
    return this.#asUser(request, async (user) => {
      if (before !== undefined && after !== undefined) {
        return problem(fault('invalid', 'query: either before or after'));
      }
      const bounds = { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
      const reply = await this.#ask(room, { type: 'history', user, ...bounds, limit });
      if (!reply.ok) return problem(reply.fault);
      const { frames, more, change } = reply.value;
      return json(200, { messages: frames.map(messageOfFrame), more, change });
    });
  }

  #asUser(request: Request, then: (user: string) => Promise<Response>): Promise<Response> {
    return this.#bearers.withToken(request, async ({ identity: { user } }) => {
      const waitMs = this.#options.rateLimit ? this.#limit.take(user.id) : 0;
      return waitMs > 0 ? problem(fault('rate_limited', 'too many requests', waitMs)) : await then(user.id);
    });
  }

  #ask<const Q extends RoomMessage>(room: string, message: Q): Promise<Reply<AnswerOf<RoomMessage, Q>>> {
    const { shard } = this.#options;
    return shard.ask(shard.ref(roomKind, room), message, DEADLINE_MS);
  }
}

function bodyOf({ text, body }: NewMessage): Uint8Array | Fault {
  if ((text === undefined) === (body === undefined)) return fault('invalid', 'body: either text or body');
  const bytes = text === undefined ? bytesOf(body ?? '') : encodeBody({ type: 'text', text });
  if (bytes === undefined) return fault('invalid', 'body.body: base64');
  if (bytes.length > LIMITS.maxBodyBytes) return fault('too_large', `a body is at most ${LIMITS.maxBodyBytes} bytes`);
  return bytes;
}

/** Undefined for what is no base64. */
function bytesOf(base64: string): Uint8Array | undefined {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === base64 ? new Uint8Array(bytes) : undefined;
}
