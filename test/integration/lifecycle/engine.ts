/** An engine as its operator sees it: flags and signals in, lines and an exit code out. */
import { join } from 'node:path';
import { within } from '../../support/wait.ts';

const ROOT = join(import.meta.dir, '../../..');

export interface EngineOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A file that is loaded ahead of the engine. */
  readonly preload?: string;
}

export interface Exit {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Engine implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #child: ReturnType<typeof spawn>;
  readonly #reading: Promise<unknown>;
  readonly #line = Promise.withResolvers<void>();

  constructor(options: EngineOptions) {
    this.#child = spawn(options);
    const out = collect(this.#child.stdout, (text) => {
      this.stdout += text;
      if (this.stdout.includes('\n')) this.#line.resolve();
    });
    const err = collect(this.#child.stderr, (text) => {
      this.stderr += text;
    });
    this.#reading = Promise.all([out, err]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The address that it prints once it listens. */
  async url(): Promise<string> {
    await within('the engine to start', Promise.race([this.#line.promise, this.#child.exited]));
    const url = /http:\/\/\S+/.exec(this.stdout)?.[0];
    if (url === undefined) throw new Error(`the engine did not start: ${this.stderr}`);
    return url;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async exit(): Promise<Exit> {
    const code = await within('the engine to end', this.#child.exited);
    await this.#reading;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** Sends the signal and tells how it went. */
  async end(name: NodeJS.Signals): Promise<Exit> {
    this.signal(name);
    return await this.exit();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }
}

function spawn({ flags = [], env = {}, preload }: EngineOptions) {
  const preloading = preload === undefined ? [] : ['--preload', preload];
  return Bun.spawn([process.execPath, ...preloading, join(ROOT, 'src/main.ts'), ...flags], {
    cwd: ROOT,
    env: { ...process.env, MAILROOM_THREADS: '2', MAILROOM_RATE_LIMIT: 'off', MAILROOM_LOG_FORMAT: 'json', ...env },
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

async function collect(stream: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) onText(decoder.decode(chunk, { stream: true }));
}

/** An engine on this directory, on a free port unless the options say otherwise. */
export function engineOn(dataDir: string, options: EngineOptions = {}): Engine {
  const { flags = [] } = options;
  const port = flags.includes('--port') ? [] : ['--port', '0'];
  return new Engine({ ...options, flags: ['--data-dir', dataDir, ...port, ...flags] });
}

/** Runs an engine that is expected to end by itself. */
export async function ends(options: EngineOptions): Promise<Exit> {
  await using engine = new Engine(options);
  return await engine.exit();
}

/** The lines that are for people, without the engine's own log. */
export function lines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}
