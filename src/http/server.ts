/** One thread's HTTP and WebSocket server: all threads listen on the one port and the kernel spreads connections. */

import { openapi } from '@elysiajs/openapi';
import { Elysia } from 'elysia';
import type { Writers } from '../actors/upload/writers.ts';
import { fault } from '../protocol/faults.ts';
import type { Shard } from '../runtime/shard.ts';
import type { Staging } from '../storage/ports/staging.ts';
import { accountRoutes } from './account-routes.ts';
import { AddressLimit, type AddressLimitOptions } from './address-limit.ts';
import { adminRoutes } from './admin-routes.ts';
import { Bearers } from './bearers.ts';
import { hidesLength, withBoundedBody } from './bounded-body.ts';
import { clientAddress, trustedNetworks } from './client-address.ts';
import { type ContentRoutesOptions, contentRoutes } from './content/content-routes.ts';
import { thumbnailRoutes } from './content/thumbnail-routes.ts';
import { exportRoutes } from './export-routes.ts';
import { type FileRoutesOptions, fileRoutes } from './files/file-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { hookRoutes } from './hook-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { originGuard } from './origins.ts';
import { problem } from './problem.ts';
import { profileRoutes } from './profile-routes.ts';
import { type SocketGate, socketRoute, WEBSOCKET_OPTIONS } from './socket-gate.ts';
import { UPLOAD_PATHS } from './uploads/documentation.ts';
import { isUpload, uploadRoutes } from './uploads/upload-routes.ts';
import { type WebFile, webRoutes } from './web-routes.ts';

export interface ServerOptions {
  readonly shard: Shard;
  readonly gate: SocketGate;
  readonly host: string;
  readonly port: number;
  readonly threads: readonly number[];
  readonly webFiles: ReadonlyMap<string, WebFile>;
  /** Origins besides the own one. */
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly rateLimit: boolean;
  readonly files: Pick<FileRoutesOptions, 'quotaBytes' | 'instant' | 'randomBytes'>;
  readonly newToken: (userId: string) => string;
  readonly hashToken: (token: string) => string;
  readonly contents: Pick<ContentRoutesOptions, 'source' | 'secret' | 'publicUrl'>;
  readonly uploads: { readonly staging: Staging; readonly writers: Writers; readonly maxSize: number };
  /** A defect: what was asked and what was thrown. */
  readonly onError: (path: string, error: unknown) => void;
}

export interface HttpServer {
  /** `/readyz` says so from now on; requests are still answered. */
  drain(): void;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;
/** Silence after which the transport ends a request. Uploads have a limit of their own. */
const IDLE_SECONDS = 30;
/** Registering and logging in: by address, and by name so that many addresses cannot guess one password. */
const BY_ADDRESS = { burst: 200, perMinute: 120, maxKeys: 50_000 };
/** Instant uploads and links: what may be guessed at. */
const BY_FILES = { burst: 200, perMinute: 120, maxKeys: 50_000 };
const BY_NAME = { burst: 20, perMinute: 20, maxKeys: 50_000 };

export function startServer(options: ServerOptions): HttpServer {
  const { shard, gate, threads, webFiles, newToken, hashToken } = options;
  let draining = false;
  const app = new Elysia({ websocket: WEBSOCKET_OPTIONS });
  const guard = originGuard(options.allowedOrigins);
  app.onError(({ code, error, path, request }) => {
    const response = problemOf(String(code), error);
    if (response.status >= 500) options.onError(path, error);
    guard.allow(request, response);
    return response;
  });
  const tooLarge = (request: Request): Response => {
    const response = problem(fault('too_large', `the body of a request is at most ${MAX_BODY_BYTES} bytes`));
    guard.allow(request, response);
    return response;
  };
  app.onRequest((context) => {
    const { request } = context;
    const preflight = guard.preflight(request);
    if (preflight !== undefined || isUpload(request)) return preflight;
    if (isTooLarge(request)) return tooLarge(request);
    if (!hidesLength(request)) return undefined;
    return withBoundedBody(request, MAX_BODY_BYTES).then((read) => {
      if (read === null) return tooLarge(request);
      context.request = read;
      return undefined;
    });
  });
  app.onAfterHandle(({ request, responseValue }) => guard.allow(request, responseValue));
  uploadRoutes(app, {
    shard,
    bearers: new Bearers({ shard, hashToken }),
    ...options.uploads,
    keepOpen: (request) => app.server?.timeout(request, 0),
  });
  app.use(openapi({ path: '/docs', specPath: '/openapi.json', provider: null, documentation: DOCUMENTATION }));
  accountRoutes(app, { shard, newToken, hashToken, mayTry: tries(options, () => app.server) });
  const bearers = new Bearers({ shard, hashToken });
  const frameAncestors = options.allowedOrigins;
  contentRoutes(app, { ...options.contents, shard, bearers, frameAncestors });
  thumbnailRoutes(app, { shard, bearers });
  peopleRoutes(app, options);
  const mayTry = addressTries(options, () => app.server, BY_FILES);
  fileRoutes(app, { shard, hashToken, ...options.files, ...options.contents, frameAncestors, mayTry });
  healthRoutes(app, { shard, threads, draining: () => draining });
  webRoutes(app, webFiles);
  socketRoute(app, gate, (request) => guard.admits(request));
  app.listen({
    hostname: options.host,
    port: options.port,
    reusePort: true,
    idleTimeout: IDLE_SECONDS,
    // Bodies are bounded where they are read: here the largest one counts, which is streamed.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  });
  const { server } = app;
  if (server === null) throw new Error('the server does not listen');
  gate.publishThrough(server);
  return {
    drain() {
      draining = true;
    },
    stop: () => server.stop(true),
  };
}

/** What administrators do, one's own data and profile, and messages for those without a socket. */
function peopleRoutes(app: Elysia, { shard, hashToken, rateLimit, files }: ServerOptions): void {
  adminRoutes(app, { shard, hashToken });
  hookRoutes(app, { shard, hashToken, newSecret: () => Buffer.from(files.randomBytes(32)).toString('hex') });
  exportRoutes(app, { shard, hashToken, rateLimit, keepOpen: (request) => app.server?.timeout(request, 0) });
  messageRoutes(app, { shard, hashToken, rateLimit });
  profileRoutes(app, { shard, hashToken });
}

interface PeerSource {
  requestIP(request: Request): { readonly address: string } | null;
}

function tries(options: ServerOptions, server: () => PeerSource | null): (request: Request, name: string) => number {
  const byAddress = addressTries(options, server, BY_ADDRESS);
  const byName = new AddressLimit(BY_NAME, () => performance.now());
  return (request, name) => (options.rateLimit ? Math.max(byAddress(request), byName.take(name)) : 0);
}

function addressTries(
  { rateLimit, trustedProxies }: ServerOptions,
  server: () => PeerSource | null,
  limit: AddressLimitOptions,
): (request: Request) => number {
  const byAddress = new AddressLimit(limit, () => performance.now());
  const trusted = trustedNetworks(trustedProxies);
  return (request) => {
    if (!rateLimit) return 0;
    const peer = server()?.requestIP(request)?.address ?? '';
    return byAddress.take(clientAddress(peer, request.headers.get('x-forwarded-for'), trusted));
  };
}

const DOCUMENTATION = {
  info: {
    title: 'Mailroom',
    version: '1',
    description: 'Realtime messaging and files. The socket is described in docs/protocol.md.',
  },
  components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  paths: {
    ...UPLOAD_PATHS,
    '/v1/ws': {
      get: {
        summary: 'Opens the WebSocket, with the subprotocol `mailroom.v1`.',
        responses: {
          101: { description: 'Binary messages of MessagePack-RPC follow.' },
          403: { description: 'Pages of this origin may not connect.' },
        },
      },
    },
  },
} as const;

function problemOf(code: string, error: unknown): Response {
  if (code === 'NOT_FOUND') return problem(fault('not_found', 'there is nothing here'));
  if (code === 'VALIDATION') return problem(fault('invalid', firstProblem(error)));
  if (code === 'PARSE') return problem(fault('invalid', 'the body is no JSON'));
  return problem(fault('internal', 'the request failed'));
}

function isTooLarge(request: Request): boolean {
  return Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES;
}

function firstProblem(error: unknown): string {
  const all = (error as { readonly all?: readonly { readonly path?: string; readonly message?: string }[] }).all;
  const first = all?.find((problem) => problem.message !== undefined);
  if (first === undefined) return 'the body is not what this route takes';
  return `${first.path === undefined || first.path === '' ? 'body' : first.path.slice(1)}: ${first.message ?? ''}`;
}
