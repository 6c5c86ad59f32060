import { expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { passSignalsOn } from './run-child.mjs';

const RUN_CHILD = fileURLToPath(new URL('./run-child.mjs', import.meta.url));

/** Says when it is ready, counts a signal that launchers do not pass on, and ends with code 7 on SIGTERM. */
const CHILD = `
  let direct = 0;
  process.on('SIGWINCH', () => { direct += 1; });
  process.on('SIGINT', () => console.log('interrupted'));
  process.on('SIGTERM', () => { console.log('terminated, direct signals: ' + direct); process.exit(7); });
  setInterval(() => {}, 1000);
  console.log('ready');
`;

/** The launcher's part, in a process group of its own as a terminal would start it. */
function launch(childCode: string) {
  const code = `
    import { runChild } from ${JSON.stringify(RUN_CHILD)};
    process.exitCode = await runChild(process.execPath, ['--no-orphans', '-e', ${JSON.stringify(childCode)}], { interactive: false });
  `;
  const launcher = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  return {
    launcher,
    lines: linesOf(launcher),
    exited: new Promise<number | null>((done) => launcher.once('exit', done)),
  };
}

async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<string, undefined> {
  let rest = '';
  for await (const chunk of stdout ?? []) {
    rest += String(chunk);
    const parts = rest.split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  return undefined;
}

const next = async (lines: AsyncGenerator<string, undefined>): Promise<string | undefined> =>
  (await lines.next()).value;

test('[RUN3] a signal to the launcher alone reaches the child, whose exit code comes back', async () => {
  const { launcher, lines, exited } = launch(CHILD);
  expect(await next(lines)).toBe('ready');
  launcher.kill('SIGINT');
  expect(await next(lines)).toBe('interrupted');
  launcher.kill('SIGTERM');
  expect(await next(lines)).toBe('terminated, direct signals: 0');
  expect(await exited).toBe(7);
});

test('[RUN3] what goes to the whole group, as a Ctrl-C does, does not reach the child directly', async () => {
  const { launcher, lines, exited } = launch(CHILD);
  expect(await next(lines)).toBe('ready');
  process.kill(-(launcher.pid ?? 0), 'SIGWINCH');
  process.kill(-(launcher.pid ?? 0), 'SIGINT');
  expect(await next(lines)).toBe('interrupted');
  launcher.kill('SIGTERM');
  expect(await next(lines)).toBe('terminated, direct signals: 0');
  expect(await exited).toBe(7);
});

test('[RUN3] the second copy of a Ctrl-C, which npm passes on, is dropped; a later one is not', () => {
  const source = new EventEmitter();
  const sent: string[] = [];
  let now = 0;
  const release = passSignalsOn(
    source,
    { kill: (signal) => sent.push(signal) },
    { reachedByTerminal: false, now: () => now },
  );
  source.emit('SIGINT');
  now = 40;
  source.emit('SIGINT');
  expect(sent).toEqual(['SIGINT']);
  source.emit('SIGTERM');
  now = 400;
  source.emit('SIGINT');
  expect(sent).toEqual(['SIGINT', 'SIGTERM', 'SIGINT']);
  release();
  source.emit('SIGTERM');
  expect(sent).toHaveLength(3);
});

test('[RUN3] a command that keeps the terminal gets its Ctrl-C from there alone', () => {
  const source = new EventEmitter();
  const sent: string[] = [];
  passSignalsOn(source, { kill: (signal) => sent.push(signal) }, { reachedByTerminal: true, now: () => 0 });
  source.emit('SIGINT');
  source.emit('SIGTERM');
  expect(sent).toEqual(['SIGTERM']);
});

test('[RUN3] a closed terminal ends the child as SIGTERM does', async () => {
  const { launcher, lines, exited } = launch(CHILD);
  expect(await next(lines)).toBe('ready');
  launcher.kill('SIGHUP');
  expect(await next(lines)).toBe('terminated, direct signals: 0');
  expect(await exited).toBe(7);
});

test('[RUN4] a child ended by a signal gives 128 and the signal’s number', async () => {
  const { exited } = launch("process.kill(process.pid, 'SIGKILL')");
  expect(await exited).toBe(137);
});

test('[RUN5] a launcher that is killed outright takes its child with it', async () => {
  const { launcher, lines, exited } = launch(CHILD);
  expect(await next(lines)).toBe('ready');
  launcher.kill('SIGKILL');
  await exited;
  // The pipe ends only when the last process that holds it is gone.
  expect(await next(lines)).toBeUndefined();
});
