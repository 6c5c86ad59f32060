/** Real back ends on private ports, for development, tests and benches: `docs/services.md` says how to use them. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { acquireLock } from '../src/storage/embedded/exclusive-lock.ts';
import { ROOT } from './checks.ts';
import { type Arguments, parseArguments, USAGE } from './services/arguments.ts';
import { composeDown, composeLogs, composeStatus, composeUp, dockerAnswers } from './services/compose.ts';
import { lastLines } from './services/execute.ts';
import { PART_NAMES, type PartName, stopPart } from './services/part.ts';
import { partsOf } from './services/parts.ts';
import { Problem } from './services/problem.ts';
import { createSite, demandUsable, openSite, type Site, saveSite } from './services/site.ts';
import { statusOf, statusTable } from './services/status.ts';
import { bringUp } from './services/up.ts';

const SHOWN_LINES = 20;

/** Exit codes beside 0: the command failed, and `status` found something that cannot be used. */
const FAILED = 1;
const NOT_USABLE = 3;

async function up(dir: string, { parts, basePort }: Arguments): Promise<void> {
  demandUsable(dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await alone(dir, async () => {
    const site = createSite(dir, basePort, () => (dockerAnswers() ? 'compose' : 'processes'));
    const names = parts.length > 0 ? parts : PART_NAMES;
    const known = new Set([...site.settings.parts, ...names]);
    site.settings.parts = PART_NAMES.filter((name) => known.has(name));
    saveSite(site);
    if (site.settings.mode === 'compose') await composeUp(site, names);
    else await bringUp(partsOf(site, names));
  });
}

async function down(dir: string, { parts, purge }: Arguments): Promise<void> {
  const found = openSite(dir);
  if (found === undefined) {
    console.log(`there are no services in ${dir}`);
    return;
  }
  await alone(dir, async () => {
    const names = parts.length > 0 ? parts : PART_NAMES;
    if (found.settings.mode === 'compose') await composeDown(found, names, purge);
    else await Promise.all(partsOf(found, names).map(stopOne));
    if (purge) rmSync(dir, { recursive: true });
    if (purge) console.log(`removed ${dir}`);
  });
}

async function stopOne(part: ReturnType<typeof partsOf>[number]): Promise<void> {
  const started = performance.now();
  const wasRunning = await stopPart(part);
  if (wasRunning)
    console.log(`${part.name.padEnd(9)} stopped in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
}

async function status(site: Site, { json, parts }: Arguments): Promise<void> {
  if (site.settings.mode === 'compose') {
    if (!(await composeStatus(site, chosen(site, parts)))) process.exitCode = NOT_USABLE;
    return;
  }
  const statuses = await Promise.all(partsOf(site, chosen(site, parts)).map(statusOf));
  console.log(json ? JSON.stringify(statuses) : statusTable(statuses));
  if (statuses.some(({ usable }) => !usable)) process.exitCode = NOT_USABLE;
}

function env(site: Site, { json, parts }: Arguments): void {
  const variables = Object.assign({}, ...partsOf(site, chosen(site, parts)).map((part) => part.variables()));
  if (json) console.log(JSON.stringify(variables));
  else for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
}

async function logs(site: Site, { parts }: Arguments): Promise<void> {
  if (site.settings.mode === 'compose') return await composeLogs(site, chosen(site, parts), SHOWN_LINES);
  for (const { logFile } of partsOf(site, chosen(site, parts)).flatMap(({ daemons }) => daemons)) {
    if (!existsSync(logFile)) continue;
    console.log(`==> ${logFile}\n${lastLines(readFileSync(logFile, 'utf8'), SHOWN_LINES)}\n`);
  }
}

/** The parts that are named, or else those that were ever brought up. */
function chosen(site: Site, named: readonly PartName[]): readonly PartName[] {
  return named.length > 0 ? named : site.settings.parts;
}

/** Two of these at once would start everything twice. The kernel frees the lock however this process ends. */
async function alone(dir: string, work: () => Promise<void>): Promise<void> {
  const lock = acquireLock(join(dir, 'lock'), `another command is at work on ${dir}`);
  try {
    await work();
  } finally {
    lock.release();
  }
}

async function main(words: readonly string[]): Promise<void> {
  const given = parseArguments(words);
  const dir = given.dir === undefined ? join(ROOT, '.services') : resolve(given.dir);
  if (given.verb === 'up') return await up(dir, given);
  if (given.verb === 'down') return await down(dir, given);
  const site = openSite(dir);
  if (site === undefined) throw new Problem(`there are no services in ${dir}: npm run services -- up`);
  if (given.verb === 'status') return await status(site, given);
  if (given.verb === 'env') return env(site, given);
  return await logs(site, given);
}

try {
  const words = process.argv.slice(2);
  if (words.includes('--help')) console.log(USAGE);
  else await main(words);
} catch (error) {
  // Somebody else's exception is a defect here, so its stack is shown.
  console.error(`services: ${error instanceof Problem ? error.message : Bun.inspect(error)}`);
  process.exitCode = FAILED;
}
