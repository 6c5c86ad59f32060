/** The web app's files: built once, held in memory, sent with headers that let nothing else in. */
import type { Elysia } from 'elysia';

export interface WebFile {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** The path changes with the content. */
  readonly immutable: boolean;
  /** A worker that compiles WebAssembly. */
  readonly runsWebAssembly?: boolean;
}

const POLICY =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; " +
  "frame-ancestors 'none'; form-action 'self'";

/** A worker goes by the policy of its own script. */
const WORKER_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

export function webRoutes<App extends Elysia>(app: App, files: ReadonlyMap<string, WebFile>): App {
  for (const [path, file] of files) {
    const headers = {
      'content-type': file.contentType,
      'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': file.runsWebAssembly === true ? WORKER_POLICY : POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    };
    app.get(path, () => new Response(file.bytes as Uint8Array<ArrayBuffer>, { headers }), { detail: { hide: true } });
  }
  return app;
}
