/** The operator's commands, on a running engine and on a stopped one. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from '../../../src/storage/embedded/data-dir.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { http, newAccount, newAccounts, PASSWORD } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { TEST_MS, within } from '../../support/wait.ts';
import { engineOn } from './engine.ts';

setDefaultTimeout(TEST_MS);

const ADMIN = join(import.meta.dir, '../../../src/admin.ts');
const NEW = 'an entirely new password';

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function admin(dataDir: string, args: readonly string[], input = ''): Promise<Outcome> {
  const child = Bun.spawn([process.execPath, ADMIN, ...args, '--data-dir', dataDir], {
    stdin: new TextEncoder().encode(input),
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const reading = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await within('the command to end', child.exited);
  const [stdout, stderr] = await reading;
  return { code, stdout, stderr };
}

/** Runs it on a terminal and types an answer to each prompt; what the terminal showed. */
async function adminTyped(dataDir: string, args: readonly string[], answers: readonly string[]): Promise<Outcome> {
  let shown = '';
  let answered = 0;
  const child = Bun.spawn([process.execPath, ADMIN, ...args, '--data-dir', dataDir], {
    terminal: {
      data(terminal, bytes) {
        shown += new TextDecoder().decode(bytes);
        const prompts = shown.split(': ').length - 1;
        while (answered < Math.min(prompts, answers.length)) terminal.write(`${answers[answered++]}\r`);
      },
    },
  });
  const code = await within('the command to end', child.exited);
  return { code, stdout: shown, stderr: '' };
}

async function loginStatus(url: string, username: string, password: string): Promise<number> {
  return (await http(url, 'POST', '/v1/login', { body: { username, password } })).status;
}

const me = async (url: string, token: string): Promise<number> => (await http(url, 'GET', '/v1/me', { token })).status;

test('[LIFE20] reset-password on a running engine closes the sockets with 4403 and kills all tokens at once', async () => {
  using dir = tempDir();
  await using engine = engineOn(dir.path);
  const url = await engine.url();
  const [ann, bob] = await newAccounts(url, ['ann', 'bob']);
  const sockets = await Promise.all(range(1, 4).map(() => RawClient.greet(url, ann.token)));
  using other = await RawClient.greet(url, bob.token);
  const { code, stdout, stderr } = await admin(dir.path, ['reset-password', 'ann'], `${NEW}\n`);
  expect([code, stdout, stderr]).toEqual([0, '', 'mailroom: ann has a new password; all tokens are dead\n']);
  for (const socket of sockets) expect(await socket.closeCode()).toBe(4403);
  expect(await me(url, ann.token)).toBe(401);
  expect(await loginStatus(url, 'ann', PASSWORD)).toBe(401);
  expect(await loginStatus(url, 'ann', NEW)).toBe(200);
  expect(await me(url, bob.token)).toBe(200);
  expect(await other.ok('ping', {})).toEqual({});
});

for (const ending of ['SIGTERM', 'SIGKILL'] as const) {
  test(`[LIFE21] reset-password works on the records of an engine that ended by ${ending}`, async () => {
    using dir = tempDir();
    let token: string;
    {
      await using engine = engineOn(dir.path);
      ({ token } = await newAccount(await engine.url(), 'ann'));
      await engine.end(ending);
    }
    const { code, stdout, stderr } = await admin(dir.path, ['reset-password', 'ann'], NEW);
    expect([code, stdout, stderr]).toEqual([0, '', 'mailroom: ann has a new password; all tokens are dead\n']);
    await using engine = engineOn(dir.path);
    const url = await engine.url();
    expect(await me(url, token)).toBe(401);
    expect(await loginStatus(url, 'ann', PASSWORD)).toBe(401);
    expect(await loginStatus(url, 'ann', NEW)).toBe(200);
  });
}

test('[LIFE22] a password is made up, piped in or typed twice unseen, and a bad one changes nothing', async () => {
  using dir = tempDir();
  await using engine = engineOn(dir.path);
  const url = await engine.url();
  await newAccount(url, 'ann');
  const reset = ['reset-password', 'ann'];
  const short = await admin(dir.path, reset, 'seven77\n');
  expect([short.code, short.stderr]).toEqual([70, 'mailroom: a password has 8 to 1,024 characters\n']);
  const different = await adminTyped(dir.path, reset, [NEW, 'something else']);
  expect(different.code).toBe(70);
  expect(different.stdout).toContain('mailroom: the two are not the same');
  const interrupted = await adminTyped(dir.path, reset, ['half a pass\u0003']);
  expect(interrupted.code).toBe(70);
  expect(await loginStatus(url, 'ann', PASSWORD)).toBe(200);

  const made = await admin(dir.path, [...reset, '--generate']);
  expect(made.code).toBe(0);
  expect(made.stdout).toMatch(/^[\w-]{24}\n$/);
  expect(await loginStatus(url, 'ann', made.stdout.trim())).toBe(200);

  const typed = await adminTyped(dir.path, reset, [`${NEW}x\u007f`, NEW]);
  expect(typed.code).toBe(0);
  expect(typed.stdout).not.toContain(NEW);
  expect(await loginStatus(url, 'ann', NEW)).toBe(200);
});

test('[LIFE23] list-users prints the same of a running and of a stopped engine', async () => {
  using dir = tempDir();
  const engine = engineOn(dir.path);
  await using _ending = engine;
  const accounts = await newAccounts(await engine.url(), ['zoë', 'ann']);
  const running = await admin(dir.path, ['list-users']);
  expect([running.code, running.stderr]).toEqual([0, '']);
  const rows = running.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(rows.map(([name, id]) => ({ name, id }))).toEqual([
    { name: 'ann', id: accounts[1].id },
    { name: 'zoë', id: accounts[0].id },
  ]);
  for (const [, , at = ''] of rows) expect(Date.now() - Date.parse(at)).toBeWithin(0, 3_600_000);
  await engine.end('SIGTERM');
  expect(await admin(dir.path, ['list-users'])).toEqual(running);
});

test('[LIFE24] what cannot be done is told in one line', async () => {
  using dir = tempDir();
  const dataDir = join(dir.path, 'data');
  const never = await admin(dataDir, ['list-users']);
  expect([never.code, never.stdout]).toEqual([70, '']);
  expect(never.stderr).toBe(`mailroom: no engine has run on ${dataDir} yet; --data-dir names another directory\n`);
  expect(existsSync(dataDir)).toBe(false);

  await using engine = engineOn(dataDir);
  await engine.url();
  const unknown = { code: 1, stdout: '', stderr: 'mailroom: nobody: there is no such user\n' };
  expect(await admin(dataDir, ['reset-password', 'nobody'], NEW)).toEqual(unknown);
  await engine.end('SIGKILL');
  expect(await admin(dataDir, ['reset-password', 'nobody'], NEW)).toEqual(unknown);

  const owner = lockDataDir(dataDir);
  const held = await admin(dataDir, ['reset-password', 'nobody'], NEW);
  owner.release();
  expect(held).toEqual({
    code: 70,
    stdout: '',
    stderr: `mailroom: the engine on ${dataDir} is starting or ending; try again\n`,
  });
  writeFileSync(join(dataDir, 'records.db'), 'no database'.repeat(100));
  const broken = await admin(dataDir, ['list-users']);
  expect(broken.code).toBe(70);
  expect(broken.stderr).toStartWith(`mailroom: cannot read the users of ${dataDir}/records.db: `);
});

test('[LIFE25] words that make no command are told with exit code 2, and --help says what there is', async () => {
  using dir = tempDir();
  for (const words of [
    [],
    ['reset'],
    ['reset-password'],
    ['reset-password', 'a', 'b'],
    ['list-users', 'a'],
    ['--nope'],
  ]) {
    const { code, stdout, stderr } = await admin(dir.path, words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mailroom: .+\n$/);
  }
  const help = await admin(dir.path, ['--help']);
  expect([help.code, help.stderr]).toEqual([0, '']);
  for (const word of ['reset-password NAME', 'list-users', '--data-dir', '--generate'])
    expect(help.stdout).toContain(word);
});

test('[LIFE26] orders that come at the same time get an answer each, below a long path too', async () => {
  using dir = tempDir();
  // The path of the socket is longer than an address of a socket may be.
  const dataDir = join(dir.path, 'd'.repeat(120));
  await using engine = engineOn(dataDir);
  const url = await engine.url();
  await newAccount(url, 'ann');
  const names = ['ann', 'nobody', 'ann', 'none'];
  const outcomes = await Promise.all(names.map((name) => admin(dataDir, ['reset-password', name], NEW)));
  expect(outcomes.map(({ code }) => code)).toEqual([0, 1, 0, 1]);
  expect(await loginStatus(url, 'ann', NEW)).toBe(200);
});
