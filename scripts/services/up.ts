/** `up`: installs, makes and starts what is missing, all parts side by side, and says a line for each. */
import { installPackages, missingPackages } from './packages.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';

/** Resolves once every part can be used. A part that fails does not hold up the others. */
export async function bringUp(parts: readonly Part[]): Promise<void> {
  const missing = missingPackages(parts);
  if (missing.length > 0) {
    const started = performance.now();
    console.log(`packages  installing ${missing.join(' ')}`);
    await installPackages(missing);
    console.log(`packages  installed in ${seconds(started)}`);
  }
  const outcomes = await Promise.allSettled(parts.map((part) => bringUpOne(part)));
  const failed = outcomes.filter((outcome) => outcome.status === 'rejected').length;
  if (failed > 0) throw new Problem(`${failed} of ${parts.length} did not come up`);
}

async function bringUpOne(part: Part): Promise<void> {
  const started = performance.now();
  const title = part.name.padEnd(9);
  try {
    const toStart = part.daemons.filter((daemon) => daemon.pid() === undefined);
    if (toStart.length === 0 && (await works(part))) {
      console.log(`${title} already runs`);
      return;
    }
    await part.install();
    await part.start();
    await part.probe();
    console.log(
      `${title} ready in ${seconds(started)} (started: ${toStart.map(({ name }) => name).join(', ') || 'nothing'})`,
    );
  } catch (error) {
    console.error(`${title} FAILED after ${seconds(started)}: ${error instanceof Error ? error.message : error}`);
    throw error;
  }
}

async function works(part: Part): Promise<boolean> {
  return await part.probe().then(
    () => true,
    () => false,
  );
}

function seconds(started: number): string {
  return `${((performance.now() - started) / 1_000).toFixed(1)} s`;
}
