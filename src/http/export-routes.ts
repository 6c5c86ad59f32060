/**
 * One's own data as a file: JSON lines, packed with gzip, made while they are sent. Nothing of it is kept on the server, so
 * that there is nothing to look after and nothing to expire. The last line says that it is whole.
 */
import { type Elysia, t } from 'elysia';
import { roomKind } from '../actors/room/messages.ts';
import { peopleKind } from '../actors/storage/people.ts';
import { recordsKind } from '../actors/storage/records.ts';
import { fault } from '../protocol/faults.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { Kind } from '../runtime/kind.ts';
import type { Reply } from '../runtime/reply.ts';
import type { Profile, Settings } from '../storage/ports/people.ts';
import type { MembershipRecord, RoomRecord } from '../storage/ports/records.ts';
import { AddressLimit } from './address-limit.ts';
import { type Bearer, Bearers, type BearersOptions } from './bearers.ts';
import { messageOfFrame } from './message-json.ts';
import { problem } from './problem.ts';

export interface ExportRoutesOptions extends BearersOptions {
  readonly rateLimit: boolean;
  /** Lets the answer take as long as it takes. */
  readonly keepOpen: (request: Request) => void;
}

const DEADLINE_MS = 10_000;
/** Of one user on one thread: three in a row, then one an hour. */
const BY_USER = { burst: 3, perMinute: 1 / 60, maxKeys: 10_000 };
/** Exports of one thread at once. */
const MAX_RUNNING = 4;
const BUSY = fault('overloaded', 'too many exports are being made', 10_000);

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

export function exportRoutes<App extends Elysia>(app: App, options: ExportRoutesOptions): App {
  const exporter = new Exporter(options);
  app.get('/v1/me/export', ({ request }) => exporter.export(request), {
    response: { 200: t.Any() },
    detail: {
      summary:
        "One's profile, devices, rooms and own messages as gzipped JSON lines; the last one is of the type `end`.",
      tags: ['accounts'],
      security: [{ bearer: [] }],
    },
  });
  return app;
}

class Exporter {
  readonly #options: ExportRoutesOptions;
  readonly #bearers: Bearers;
  readonly #limit = new AddressLimit(BY_USER, () => performance.now());
  #running = 0;

  constructor(options: ExportRoutesOptions) {
    this.#options = options;
    this.#bearers = new Bearers(options);
  }

  export(request: Request): Promise<Response> {
    return this.#bearers.withToken(request, (bearer) => {
      const waitMs = this.#options.rateLimit ? this.#limit.take(bearer.identity.user.id) : 0;
      if (waitMs > 0) return Promise.resolve(problem(fault('rate_limited', 'too many exports', waitMs)));
      if (this.#running >= MAX_RUNNING) return Promise.resolve(problem(BUSY));
      this.#options.keepOpen(request);
      return Promise.resolve(
        new Response(this.#stream(bearer).pipeThrough(new CompressionStream('gzip')), {
          headers: {
            'content-type': 'application/gzip',
            'content-disposition': 'attachment; filename="mailroom-export.jsonl.gz"',
            'cache-control': 'no-store',
          },
        }),
      );
    });
  }

  /** Made as fast as it is read. What cannot be read breaks the answer off, before its last line. */
  #stream(bearer: Bearer): ReadableStream<Uint8Array<ArrayBuffer>> {
    const pages = this.#pages(bearer);
    const encoder = new TextEncoder();
    this.#running += 1;
    let isRunning = true;
    const ended = (): void => {
      if (isRunning) this.#running -= 1;
      isRunning = false;
    };
    return new ReadableStream({
      pull: async (controller) => {
        try {
          const { value, done } = await pages.next();
          // Whoever asked may have gone meanwhile.
          if (!isRunning) return;
          if (!done) return controller.enqueue(encoder.encode(value));
          ended();
          controller.close();
        } catch (error) {
          ended();
          controller.error(error);
        }
      },
      cancel: ended,
    });
  }

  async *#pages(bearer: Bearer): AsyncGenerator<string, undefined> {
    const { user, device } = bearer.identity;
    const [profile] = await this.#port<readonly Profile[]>(peopleKind, 'profiles', [[user.id]]);
    const settings = await this.#port<Settings>(peopleKind, 'settings', [user.id]);
    yield lines([{ type: 'profile', user, profile, settings, device, at: Date.now() }]);
    const listing = { type: 'list-devices', tokenHash: bearer.tokenHash } as const;
    const devices = granted(await this.#bearers.user(user.id, listing));
    yield lines(
      devices.map(({ device: name, createdAt, lastSeen }) => ({ type: 'device', name, createdAt, lastSeen })),
    );
    const memberships = await this.#port<readonly MembershipRecord[]>(recordsKind, 'membershipsOf', [user.id]);
    let messages = 0;
    for (const { room, role, read } of memberships) {
      const record = await this.#port<RoomRecord | null>(recordsKind, 'room', [room]);
      yield lines([{ type: 'room', room, kind: record?.kind, title: record?.title, role, read }]);
      for await (const own of this.#ownMessages(room, user.id)) {
        messages += own.length;
        yield lines(own);
      }
    }
    yield lines([{ type: 'end', rooms: memberships.length, messages }]);
    return undefined;
  }

  /** As the user may read them now, page by page, so that any room takes little memory. */
  async *#ownMessages(room: string, user: string): AsyncGenerator<readonly Line[], undefined> {
    const { shard } = this.#options;
    const limit = LIMITS.maxHistoryMessages;
    for (let after = 0, more = true; more; ) {
      const reply = await shard.ask(shard.ref(roomKind, room), { type: 'history', user, after, limit }, DEADLINE_MS);
      // A room that was left meanwhile is nobody's to read any more.
      if (!reply.ok && (reply.fault.code === 'forbidden' || reply.fault.code === 'not_found')) return undefined;
      const page = granted(reply);
      const own = page.frames.map(messageOfFrame).filter(({ from }) => from === user);
      yield own.map((message) => ({ type: 'message', ...message }));
      after = page.firstSeq + page.frames.length - 1;
      more = page.more && page.frames.length > 0;
    }
    return undefined;
  }

  async #port<T, P = unknown>(kind: Kind<P>, type: string, args: readonly unknown[]): Promise<T> {
    const { shard } = this.#options;
    return granted(await shard.ask(shard.ref(kind, 'all'), { type, args } as never, DEADLINE_MS)) as T;
  }
}

function lines(all: readonly Line[]): string {
  return all.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function granted<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new Error(`an export was broken off: ${reply.fault.message}`);
}
