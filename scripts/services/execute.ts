/** Runs the short-lived tools of the back ends: with a bound on their time, and the end of what they said on failure. */
import { spawn } from 'node:child_process';
import { Problem } from './problem.ts';

export interface ExecuteOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;

/** How much of a failed tool's output is worth showing. */
const SHOWN_LINES = 8;

/** The tools and daemons of Debian's packages lie here; a plain user's PATH often lacks the latter. */
export const PATH = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;

/** Resolves with the standard output. Rejects with a `Problem` on another exit code than 0 or past the bound. */
export function execute(command: string, args: readonly string[], options: ExecuteOptions = {}): Promise<string> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('error', (cause) => reject(new Problem(`${command} cannot be run: ${cause.message}`, { cause })));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const how = signal === null ? `ended with ${code}` : `was ended by ${signal} (bound: ${timeoutMs} ms)`;
      reject(new Problem(`${command} ${how}: ${lastLines(errors.trim() || output, SHOWN_LINES)}`));
    });
    // A tool that ends without reading its input breaks the pipe; its exit code says what there is to say.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(options.input ?? '');
  });
}

/** Nothing of the caller's surroundings may steer a back end, such as a CEPH_ARGS or a MYSQL_HOME. */
export function plainEnvironment(): Record<string, string> {
  return { PATH, HOME: process.env.HOME ?? '/', LC_ALL: 'C' };
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
