/** What is checked without running the code. Each tool runs under this Bun, so that no Node is needed. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Check {
  readonly title: string;
  /** The file of the tool below the checkout, then its arguments. */
  readonly command: readonly string[];
}

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Biome's launcher, below the checkout. */
export const BIOME = 'node_modules/@biomejs/biome/bin/biome';

export const CHECKS: readonly Check[] = [
  { title: 'types', command: ['node_modules/typescript/bin/tsc', '-p', '.'] },
  { title: 'format and lint', command: [BIOME, 'check', '--error-on-warnings', '--max-diagnostics=100', '.'] },
  { title: 'dead code', command: ['node_modules/knip/bin/knip.js', '--no-progress'] },
];

export const FORMAT: Check = { title: 'format', command: [BIOME, 'check', '--write', '.'] };

/** Runs one tool with its output shown. True where it found nothing. */
export function passes(check: Check): boolean {
  const { status } = spawnSync(process.execPath, check.command, { cwd: ROOT, stdio: 'inherit' });
  console.log(`${status === 0 ? '✓' : '✗'} ${check.title}`);
  return status === 0;
}
