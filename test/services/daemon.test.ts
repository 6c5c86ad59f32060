/** Long-lived processes of `services`, with real ones that do nothing. */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from '../../scripts/services/daemon.ts';
import { demandUsable } from '../../scripts/services/site.ts';
import { eventually, TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const siteDir = mkdtempSync(join(tmpdir(), 'mailroom-daemon-'));
const daemons: Daemon[] = [];

afterAll(async () => {
  for (const daemon of daemons) await daemon.stop(0);
  rmSync(siteDir, { recursive: true });
});

function daemon(name: string, options: { command?: string[]; ports?: number[]; graceMs?: number } = {}): Daemon {
  const { command = ['sleep', '600'], ports = [], graceMs = 2_000 } = options;
  const made = new Daemon({ name, siteDir, command, ports, graceMs });
  daemons.push(made);
  return made;
}

function recordOf(name: string): string {
  return join(siteDir, 'run', `${name}.process`);
}

test('[SVC1] a daemon is started once, found by another command, and ended', async () => {
  const sleeper = daemon('once');
  expect(await sleeper.start()).toBe(true);
  const pid = sleeper.mustRun();
  expect(await sleeper.start()).toBe(false);
  expect(daemon('once').pid()).toBe(pid);
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toBe('sleep\u0000600\u0000');
  await sleeper.stop();
  expect(sleeper.pid()).toBeUndefined();
  await sleeper.stop();
});

test('[SVC1] a daemon that was killed counts as down and is started anew', async () => {
  const sleeper = daemon('killed');
  await sleeper.start();
  const first = sleeper.mustRun();
  process.kill(first, 'SIGKILL');
  await eventually(
    'the killed process to count as down',
    () => sleeper.pid(),
    (pid) => pid === undefined,
  );
  expect(await sleeper.start()).toBe(true);
  expect(sleeper.mustRun()).not.toBe(first);
});

test('[SVC2] a process that only has the recorded id is not taken for the daemon, nor signalled', async () => {
  const stranger = daemon('stranger');
  await stranger.start();
  const record = readFileSync(recordOf('stranger'), 'utf8');
  const startedAt = record.slice(record.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const forged = daemon('forged');
  for (const wrong of [
    record.replace(` ${startedAt} `, ' 1 '),
    record.replace(/\n.*\n$/, '\nanother-boot\n'),
    '',
    'x',
  ]) {
    writeFileSync(recordOf('forged'), wrong);
    expect(forged.pid()).toBeUndefined();
    await forged.stop();
  }
  expect(stranger.pid()).toBeNumber();
});

test('[SVC3] a daemon that does not end in good order within its grace is killed', async () => {
  const script = 'trap "echo no" TERM; echo ready; while true; do sleep 0.05; done';
  const stubborn = daemon('stubborn', { command: ['sh', '-c', script], graceMs: 300 });
  await stubborn.start();
  await eventually(
    'the trap',
    () => readFileSync(stubborn.logFile, 'utf8'),
    (log) => log.includes('ready'),
  );
  await stubborn.stop();
  expect(stubborn.pid()).toBeUndefined();
  expect(readFileSync(stubborn.logFile, 'utf8')).toContain('no');
});

test('[SVC4] a port that somebody else has is named, and nothing is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const blocked = daemon('blocked', { ports: [port] });
  await expect(blocked.start()).rejects.toThrow(`blocked: port ${port} is used by another program`);
  expect(blocked.pid()).toBeUndefined();
  server.close();
});

test('[SVC5] a program that ends at once is reported with the end of its log', async () => {
  const broken = daemon('broken', { command: ['sh', '-c', 'echo the reason >&2; exit 1'] });
  // It may be there for a moment, and is not for long.
  const told = broken.start().then(() =>
    eventually(
      'its end',
      () => broken.mustRun(),
      () => false,
    ),
  );
  await expect(told).rejects.toThrow('the reason');
});

test('[SVC8] a directory that holds something else, or has a blank in its path, is refused and left as it was', () => {
  const foreign = join(siteDir, 'foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, 'diary'), '');
  expect(() => demandUsable(foreign)).toThrow('holds something else');
  expect(() => demandUsable(join(siteDir, 'a b'))).toThrow('use another --dir');
  expect(readdirSync(foreign)).toEqual(['diary']);
});
