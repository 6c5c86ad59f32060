/** Runs a load in a process of its own: a plan in, a result out, both JSON. */
import { join } from 'node:path';

const DEADLINE_MS = 120_000;

/** `name` is a file below `bench/load` that takes its plan with `takePlan` and ends with `giveResult`. */
export async function runLoad<R>(name: string, plan: object): Promise<R> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '../load', `${name}.ts`)], {
    stdin: new Blob([JSON.stringify(plan)]),
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const output = await new Response(child.stdout).text();
  clearTimeout(timer);
  if ((await child.exited) !== 0) throw new Error(`the load ${name} failed${output === '' ? '' : `: ${output}`}`);
  return JSON.parse(output) as R;
}

export async function takePlan<P>(): Promise<P> {
  return (await Bun.stdin.json()) as P;
}

/** Prints the result and ends the process: sockets that are still open do not hold it. */
export function giveResult(result: object): never {
  process.stdout.write(JSON.stringify(result));
  process.exit(0);
}
