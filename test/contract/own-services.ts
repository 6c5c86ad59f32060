/** A set of real back ends for one test file alone, which may kill, stop and start its parts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PartStatus } from '../../scripts/services/status.ts';
import { freeBasePort } from '../services/free-base-port.ts';
import type { BackEndVariables } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';

const SCRIPT = join(import.meta.dir, '../../scripts/services.ts');

export interface OwnServices extends AsyncDisposable {
  /** Where their data, settings and logs are. */
  readonly dir: string;
  variables(): Promise<BackEndVariables>;
  /** Process id of a process, as `status` names it. */
  pid(name: string): Promise<number>;
  /** Kills a process outright and waits until it is gone. */
  kill(name: string): Promise<void>;
  up(part: string): Promise<void>;
}

export async function ownServices(part: string): Promise<OwnServices> {
  const parent = mkdtempSync(join(tmpdir(), 'mailroom-own-'));
  const dir = join(parent, 'site');

  async function run(...words: string[]): Promise<string> {
    const child = Bun.spawn([process.execPath, SCRIPT, ...words, '--dir', dir], { stdout: 'pipe', stderr: 'pipe' });
    const [output, errors, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    // `status` tells by its code that something is down.
    if (code !== 0 && words[0] !== 'status') throw new Error(`services ${words.join(' ')} failed: ${errors}`);
    return output;
  }

  async function pidOf(name: string): Promise<number | undefined> {
    const parts = JSON.parse(await run('status', '--json')) as PartStatus[];
    return parts.flatMap((status) => status.daemons).find((daemon) => daemon.name === name)?.pid;
  }

  async function pid(name: string): Promise<number> {
    const found = await pidOf(name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  }

  await run('up', part, '--base-port', String(await freeBasePort()));
  return {
    dir,
    variables: async () => JSON.parse(await run('env', '--json')) as BackEndVariables,
    pid,
    kill: async (name) => {
      process.kill(await pid(name), 'SIGKILL');
      await eventually(
        `${name} to be gone`,
        () => pidOf(name),
        (found) => found === undefined,
      );
    },
    up: async (name) => {
      await run('up', name);
    },
    [Symbol.asyncDispose]: async () => {
      await run('down', '--purge');
      rmSync(parent, { recursive: true, force: true });
    },
  };
}
