/** What the writer's thread asks of the disk, seen by tracing its system calls. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const STRACE = Bun.which('strace');
// Where the suite must be complete, a missing tool is a failure and not a skipped test.
const SKIP = STRACE === null && process.env.CI !== 'true';
if (SKIP) console.log('skipped: log-fsync needs strace (apt-get install strace)');

interface Call {
  readonly name: string;
  readonly path: string;
}

/** The calls of the writer's thread between the two marks. */
function traceWriter(mode: string): Call[] {
  using dir = tempDir();
  const trace = join(dir.path, 'trace');
  const calls = 'trace=fdatasync,fsync,sync_file_range,write,pwrite64,ftruncate,unlink,unlinkat';
  const child = join(import.meta.dir, 'log-child.ts');
  const command = ['-f', '-y', '-e', calls, '-o', trace, process.execPath, child, mode, join(dir.path, 'log')];
  const { status, stderr } = spawnSync(STRACE ?? 'strace', command, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the traced process failed: ${stderr}`);
  const lines = readFileSync(trace, 'utf8').split('\n');
  const begin = lines.findIndex((line) => line.includes('/marks>, "begin"'));
  const end = lines.findIndex((line) => line.includes('/marks>, "end"'));
  expect(begin).toBeGreaterThan(0);
  expect(end).toBeGreaterThan(begin);
  const thread = lines[begin]?.split(' ')[0];
  return lines.slice(begin + 1, end).flatMap((line) => {
    const call = /^(\d+) +(\w+)\((?:\d+<([^>]*)>|[^"]*"([^"]*)")/.exec(line);
    return call && call[1] === thread ? [{ name: call[2] ?? '', path: call[3] ?? call[4] ?? '' }] : [];
  });
}

const syncs = (calls: readonly Call[]): Call[] => calls.filter((call) => call.name.includes('sync'));

/** Writes to a segment itself and not to its WAL, which only a checkpoint does; and removals. */
const forbidden = (calls: readonly Call[]): Call[] =>
  calls.filter((call) => call.name.startsWith('unlink') || (call.path.endsWith('.db') && !call.name.includes('sync')));

describe.skipIf(SKIP)('log writer under strace', () => {
  test('[LOG1] one append is one sync of the WAL, and nothing is checkpointed', () => {
    const calls = traceWriter('traced');
    expect(syncs(calls)).toHaveLength(200);
    for (const { path } of syncs(calls)) expect(path).toEndWith('00000001.db-wal');
    expect(forbidden(calls)).toEqual([]);
  });

  test('[LOG8] going on to a prepared segment adds one sync of the directory, and the old one is left as it is', () => {
    const calls = traceWriter('traced-switching');
    const ofWal = syncs(calls).filter((call) => call.path.endsWith('.db-wal'));
    const segments = new Set(ofWal.map((call) => call.path)).size;
    expect(ofWal).toHaveLength(200);
    expect(segments).toBeGreaterThan(5);
    const others = syncs(calls).filter((call) => !ofWal.includes(call));
    expect(others).toHaveLength(segments - 1);
    for (const { path } of others) expect(path).toEndWith('/log');
    expect(forbidden(calls)).toEqual([]);
  });
});
