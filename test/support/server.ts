/** A real engine for tests: its own process, its own data directory, a free port. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  readonly pid: number;
  /** What the engine wrote to standard error so far. */
  errors(): string;
  /** Ends in good order and resolves with the exit code. */
  stop(): Promise<number>;
  /** Kills every thread of it at once, as a crash or the kernel would. */
  kill(): Promise<void>;
}

export interface TestServerOptions {
  /** Kept after the server ends if it is given; else a temporary one, removed with it. */
  readonly dataDir?: string;
  /** 0 picks a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dir, '../..');

/** Starts the engine and resolves once it listens. Rejects with what it wrote if it ends before. */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'mailroom-test-'));
  const child = Bun.spawn([process.execPath, join(ROOT, 'src/main.ts')], {
    cwd: ROOT,
    env: {
      ...process.env,
      MAILROOM_DATA_DIR: dataDir,
      MAILROOM_PORT: String(options.port ?? 0),
      MAILROOM_THREADS: '2',
      MAILROOM_RATE_LIMIT: 'off',
      MAILROOM_LOG_FORMAT: 'json',
      ...options.env,
    },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  let errors = '';
  const reading = collect(child.stderr, (text) => {
    errors += text;
  });
  const url = await firstUrl(child.stdout);
  if (url === undefined) {
    await child.exited;
    await reading;
    throw new Error(`the engine did not start: ${errors}`);
  }
  const end = async (signal: NodeJS.Signals): Promise<number> => {
    if (child.exitCode === null) child.kill(signal);
    return await child.exited;
  };
  return {
    url,
    dataDir,
    pid: child.pid,
    errors: () => errors,
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function collect(stream: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) onText(decoder.decode(chunk, { stream: true }));
}

/** The address that the engine prints; undefined if it ends without. What it prints later is read and dropped. */
function firstUrl(stream: ReadableStream<Uint8Array>): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    collect(stream, (more) => {
      text += more;
      const url = /http:\/\/\S+/.exec(text)?.[0];
      if (url !== undefined && text.includes('\n')) resolve(url);
    }).then(
      () => resolve(undefined),
      () => resolve(undefined),
    );
  });
}
