/** Plants one fault in a copy of the engine and lets the simulation look for it. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './mutations.ts';

export interface MutationResult {
  readonly caught: boolean;
  /** The seed and the broken rule, or why it was missed. */
  readonly text: string;
}

/** Longest search for one fault, on a machine that has other things to do. */
export const MOST_MS = 900_000;

const ROOT = join(import.meta.dir, '../../..');
const COPIED = ['src', 'scripts/simulate.ts', 'test/simulation', 'test/contract', 'package.json', 'tsconfig.json'];

/** Runs up to `seeds` seeds against the mutated copy. Throws if the code to mutate is not there any more. */
export function tryMutation(mutation: Mutation, seeds = 300): MutationResult {
  const copy = mkdtempSync(join(tmpdir(), 'mailroom-mutation-'));
  try {
    mkdirSync(join(copy, 'scripts'));
    for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    plant(copy, mutation);
    const first = String(mutation.fromSeed ?? 1);
    const argv = ['scripts/simulate.ts', '--seed', first, '--seeds', String(seeds), '--no-shrink', '--json'];
    argv.push('--nodes', mutation.manyNodes === true ? 'many' : 'one');
    const { stdout, stderr } = Bun.spawnSync([process.execPath, ...argv], { cwd: copy, timeout: MOST_MS });
    const last = stdout.toString().trim().split('\n').at(-1) ?? '';
    if (!last.startsWith('{'))
      throw new Error(`the mutated simulation did not run: ${stderr.toString().slice(-2_000)}`);
    const { failure } = JSON.parse(last) as { failure: { seed: number; rule: string; text: string } | null };
    if (failure === null) return { caught: false, text: `${seeds} seeds found nothing` };
    return { caught: true, text: `seed ${failure.seed}, ${failure.text.split('\n')[0]}` };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function plant(copy: string, { name, file, find, replace }: Mutation): void {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${name}: ${file} does not hold this once: ${find}`);
  writeFileSync(
    path,
    source.replace(find, () => replace),
  );
}
