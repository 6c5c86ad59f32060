/**
 * The suite: types, lint and dead code, each counted as one test, then all tests. With patterns after it, only the tests
 * whose path contains one of them; with `--unit`, only the tests beside the code. The last line is the count.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, passes, ROOT } from './checks.ts';
import { closingLine, skippedTests, sum, type Tally, tallyRun } from './tally.ts';

const UNIT = ['./src', './bin', './scripts', './web'];

async function runTests(args: readonly string[]): Promise<Tally> {
  await using scratch = await scratchDirectory();
  const report = join(scratch.path, 'report.xml');
  const argv = ['test', '--reporter=junit', `--reporter-outfile=${report}`, ...args];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'], env: colours() });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    output += chunk.toString();
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const junit = await readFile(report, 'utf8').catch(() => undefined);
  return demandAll(tallyRun({ junit, output, exitCode }), junit ?? '');
}

/** The runner writes into a pipe, so it cannot see by itself that a person is reading. */
function colours(): NodeJS.ProcessEnv {
  return process.stderr.isTTY ? { ...process.env, FORCE_COLOR: '1' } : process.env;
}

/** On a build machine everything that a test may need is installed, so a test that did not run has failed. */
function demandAll(tally: Tally, junit: string): Tally {
  const missing = process.env.CI === 'true' ? skippedTests(junit) : [];
  for (const name of missing) console.log(`✗ skipped although CI=true: ${name}`);
  return { ...tally, failed: tally.failed + missing.length, skipped: tally.skipped - missing.length };
}

async function scratchDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'mailroom-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

const args = process.argv.slice(2);
const unitOnly = args[0] === '--unit';
const patterns = unitOnly ? args.slice(1) : args;
const checks = unitOnly || patterns.length > 0 ? [] : CHECKS;
const folders = unitOnly && patterns.length === 0 ? UNIT.filter((folder) => existsSync(join(ROOT, folder))) : patterns;

const checked = checks.map((check): Tally => {
  const ok = passes(check);
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
});
const total = sum([...checked, await runTests(folders)]);
console.log(closingLine(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
