/**
 * One long-lived process that outlives the command that started it.
 *
 * It is known by a record that it writes itself before it becomes the daemon: its process id, its start time and the
 * boot. A process id alone is soon somebody else's; these three are not, so no other process is ever signalled.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, plainEnvironment } from './execute.ts';
import { isTaken } from './ports.ts';
import { Problem } from './problem.ts';
import { waitFor } from './wait.ts';

/** Writes the record and becomes the program. `exec` keeps both the process id and the start time. */
const RECORD_THEN_BECOME =
  'read -r stat < "/proc/$$/stat"; read -r boot < /proc/sys/kernel/random/boot_id; ' +
  'file="$1"; shift; printf "%s\\n%s\\n" "$stat" "$boot" > "$file.new" && mv "$file.new" "$file" && exec "$@"';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** A log this long is put aside at the next start, so that at most two of them exist. */
const LONGEST_LOG_BYTES = 16 * 1_024 * 1_024;

/** How long the program may take to exist, on a machine that is busy. */
const STARTED_MS = 30_000;

/** How long a killed process may take to disappear. */
const KILLED_MS = 10_000;

const SHOWN_LINES = 12;

export interface DaemonOptions {
  readonly name: string;
  readonly siteDir: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The ports it listens on: if somebody else has one, it is not started. */
  readonly ports: readonly number[];
  /** How long it may take to end in good order before it is killed. */
  readonly graceMs: number;
}

export class Daemon {
  readonly name: string;
  readonly ports: readonly number[];
  readonly logFile: string;
  readonly #options: DaemonOptions;
  readonly #recordFile: string;

  constructor(options: DaemonOptions) {
    this.name = options.name;
    this.ports = options.ports;
    this.logFile = join(options.siteDir, 'logs', `${options.name}.log`);
    this.#options = options;
    this.#recordFile = join(options.siteDir, 'run', `${options.name}.process`);
  }

  /** Its process id, if it runs. */
  pid(): number | undefined {
    const [stat, boot] = read(this.#recordFile).split('\n');
    if (!stat || boot !== read(BOOT_ID).trim()) return undefined;
    const recorded = identity(stat);
    const current = identity(read(`/proc/${recorded.pid}/stat`));
    // A process that nobody has collected yet still has its entry there.
    if (current.startedAt !== recorded.startedAt || current.state === 'Z' || current.state === 'X') return undefined;
    return recorded.pid;
  }

  /** Starts it, unless it runs. Resolves once it exists, which is before it is ready. True where it had to be started. */
  async start(): Promise<boolean> {
    if (this.pid() !== undefined) return false;
    for (const port of this.ports) {
      if (await isTaken(port)) throw new Problem(`${this.name}: port ${port} is used by another program`);
    }
    mkdirSync(dirname(this.logFile), { recursive: true, mode: 0o700 });
    mkdirSync(dirname(this.#recordFile), { recursive: true, mode: 0o700 });
    rmSync(this.#recordFile, { force: true });
    if (existsSync(this.logFile) && statSync(this.logFile).size > LONGEST_LOG_BYTES) {
      renameSync(this.logFile, `${this.logFile}.1`);
    }
    this.#spawn();
    // A record without its process is one that has ended already.
    const stillPossible = (): void => {
      if (existsSync(this.#recordFile)) this.mustRun();
    };
    await waitFor(`${this.name} to exist`, () => this.mustRun(), { timeoutMs: STARTED_MS, stillPossible });
    return true;
  }

  /** Throws with the end of its log where it does not run. */
  mustRun(): number {
    const pid = this.pid();
    if (pid !== undefined) return pid;
    const log = lastLines(read(this.logFile), SHOWN_LINES);
    throw new Problem(`${this.name} does not run; the end of ${this.logFile}:\n${log}`);
  }

  /** Ends it in good order, or by force past its time of grace or at once with `graceMs` 0. */
  async stop(graceMs = this.#options.graceMs): Promise<void> {
    const pid = this.pid();
    if (pid !== undefined) {
      if (graceMs > 0) await this.#end(pid, 'SIGTERM', graceMs).catch(() => this.#end(pid, 'SIGKILL', KILLED_MS));
      else await this.#end(pid, 'SIGKILL', KILLED_MS);
    }
    rmSync(this.#recordFile, { force: true });
  }

  async #end(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (this.pid() !== undefined) throw error;
    }
    const gone = (): void => {
      if (this.pid() !== undefined) throw new Problem(`pid ${pid} is still there`);
    };
    await waitFor(`${this.name} to end after ${signal}`, gone, { timeoutMs });
  }

  #spawn(): void {
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      const child = spawn('/bin/sh', ['-c', RECORD_THEN_BECOME, 'sh', this.#recordFile, ...this.#options.command], {
        cwd: this.#options.cwd ?? this.#options.siteDir,
        env: { ...plainEnvironment(), ...this.#options.env },
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.unref();
    } finally {
      closeSync(log);
    }
  }
}

/** Reads one line of `/proc/PID/stat`: the name, in parentheses, may hold anything, so it counts from its end. */
function identity(stat: string): { readonly pid: number; readonly state: string; readonly startedAt: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid: Number.parseInt(stat, 10), state: fields[0] ?? '', startedAt: fields[19] ?? 'none' };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
