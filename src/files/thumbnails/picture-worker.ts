/** One process that decodes pictures, started when it is needed and again when it has died. One picture at a time. */
import { join } from 'node:path';
import type { PictureAnswer, PictureTask } from './picture-task.ts';

export interface PictureWorkerOptions {
  /** A picture that takes longer ends the process: milliseconds. */
  readonly deadlineMs: number;
  /** The process ends after so long without work, and gives its memory back: milliseconds. */
  readonly idleMs: number;
  /** Another program in its place. */
  readonly program?: readonly string[];
}

/** The picture cannot be made, now or ever: it is damaged, too large, or no picture. */
export class PictureRefused extends Error {
  override readonly name = 'PictureRefused';
}

interface Child {
  readonly process: Bun.Subprocess<'pipe', 'pipe', 'inherit'>;
  readonly lines: AsyncIterator<string>;
}

const PROGRAM = [process.execPath, join(import.meta.dir, 'picture-process.ts')];

export class PictureWorker {
  readonly #options: PictureWorkerOptions;
  #child: Child | undefined;
  #tasks = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PictureWorkerOptions) {
    this.#options = options;
  }

  /** Resolves when the target is written. Rejects with `PictureRefused` where it cannot be. */
  make(task: Omit<PictureTask, 'id'>): Promise<void> {
    const made = this.#queue.then(() => this.#make(task));
    this.#queue = made.catch(() => undefined);
    return made;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#queue;
    this.#end();
  }

  async #make(task: Omit<PictureTask, 'id'>): Promise<void> {
    clearTimeout(this.#idle);
    this.#child ??= start(this.#options.program ?? PROGRAM);
    const child = this.#child;
    this.#tasks += 1;
    const deadline = setTimeout(() => child.process.kill('SIGKILL'), this.#options.deadlineMs);
    try {
      child.process.stdin.write(`${JSON.stringify({ ...task, id: this.#tasks })}\n`);
      await child.process.stdin.flush();
      const { done, value } = await child.lines.next();
      if (done) throw new PictureRefused('the decoder ended, or took too long');
      const answer = JSON.parse(value) as PictureAnswer;
      if (!answer.ok) throw new PictureRefused(answer.reason);
    } catch (error) {
      if (!(error instanceof PictureRefused) || child.process.killed || child.process.exitCode !== null) this.#end();
      throw error;
    } finally {
      clearTimeout(deadline);
      this.#idle = setTimeout(() => this.#end(), this.#options.idleMs);
    }
  }

  /** Its input ends, and with it the process; one that hangs is ended. */
  #end(): void {
    const child = this.#child;
    this.#child = undefined;
    child?.process.kill('SIGKILL');
  }
}

function start(program: readonly string[]): Child {
  const child = Bun.spawn([...program], { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' });
  return { process: child, lines: linesOf(child.stdout) };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const parts = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  return undefined;
}
