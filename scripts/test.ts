/**
 * The suite: types, lint and dead code, each counted as one test, then all tests. With patterns after it, only the tests
 * whose path contains one of them; with `--unit`, only the tests beside the code. Last come the failures once more, each
 * with its message and its place, and the count.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHECKS, passes, ROOT } from './checks.ts';
import { closingLine, skippedTests, sum, type Tally, tallyRun } from './tally.ts';
import { type Failure, failuresOf, toldAgain } from './test-failures.ts';

const UNIT = ['./src', './bin', './scripts', './web'];

/** Longest test that says nothing else: time decides how late a failure is told, never whether there is one. */
const LONGEST_TEST_MS = 300_000;

interface Outcome {
  readonly tally: Tally;
  readonly failures: readonly Failure[];
}

async function runTests(args: readonly string[]): Promise<Outcome> {
  await using scratch = await scratchDirectory();
  const report = join(scratch.path, 'report.xml');
  const argv = ['test', `--timeout=${LONGEST_TEST_MS}`, '--reporter=junit', `--reporter-outfile=${report}`, ...args];
  const child = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['ignore', 'inherit', 'pipe'], env: environment() });
  let output = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    process.stderr.write(chunk);
    output += chunk;
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const junit = await readFile(report, 'utf8').catch(() => undefined);
  const missing = process.env.CI === 'true' ? skippedTests(junit ?? '') : [];
  return {
    tally: demandAll(tallyRun({ junit, output, exitCode }), missing),
    failures: [
      ...failuresOf(output, exitCode),
      ...missing.map((name) => ({ title: name, lines: ['skipped although CI=true'] })),
    ],
  };
}

/**
 * The runner writes into a pipe, so it cannot see by itself that a person is reading. And what tests start by commands of
 * their own has to outlive those commands, as it does elsewhere; it ends with this process, which has no orphans.
 */
function environment(): NodeJS.ProcessEnv {
  const { BUN_FEATURE_FLAG_NO_ORPHANS: _, ...inherited } = process.env;
  return process.stderr.isTTY ? { ...inherited, FORCE_COLOR: '1' } : inherited;
}

/** On a build machine everything that a test may need is installed, so a test that did not run has failed. */
function demandAll(tally: Tally, missing: readonly string[]): Tally {
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

const broken = checks.filter((check) => !passes(check));
const checked: Tally = { passed: checks.length - broken.length, failed: broken.length, skipped: 0 };
const { tally, failures } = await runTests(folders);
const total = sum([checked, tally]);
const all = [...broken.map(({ title }) => ({ title, lines: ['found something: see above'] })), ...failures];
if (all.length > 0) console.log(`\nfailed:\n\n${toldAgain(all)}`);
console.log(closingLine(total));
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
