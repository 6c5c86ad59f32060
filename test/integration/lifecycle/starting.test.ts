/** How the engine starts, goes on where it was, and refuses to start. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { VARIABLES } from '../../../src/config/schema.ts';
import { flagOf } from '../../../src/config/variable.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { http, logIn, newAccounts, ready } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { TEST_MS } from '../../support/wait.ts';
import { Engine, ends, engineOn, lines } from './engine.ts';

setDefaultTimeout(TEST_MS);

const USAGE = 2;
const FAILED = 70;

for (const ending of ['SIGTERM', 'SIGKILL'] as const) {
  test(`[LIFE6] after ${ending} a start on the same directory goes on: accounts, tokens, rooms, history, nonces, unread`, async () => {
    using dir = tempDir();
    await using engine = engineOn(dir.path);
    const url = await engine.url();
    const [ann, bob] = await newAccounts(url, ['ann', 'bob']);
    using writer = await RawClient.greet(url, ann.token);
    using reader = await RawClient.greet(url, bob.token);
    const { room } = await writer.ok('rooms.create', { title: 'room', members: [bob.id] });
    const before = await Promise.all(range(1, 10).map((n) => writer.post(room, `text ${n}`, `nonce ${n}`)));
    await reader.ok('messages.read', { room, seq: 4 });
    await engine.end(ending);

    await using again = engineOn(dir.path);
    const newUrl = await again.url();
    using back = await RawClient.greet(newUrl, bob.token, { [room]: 7 });
    const [summary] = back.hello.rooms;
    expect(summary).toMatchObject({ id: room, title: 'room', seq: 10, read: 4, role: 'member' });
    expect(await back.upTo(room, 10)).toEqual([8, 9, 10]);
    const { messages } = await back.ok('messages.history', { room });
    expect(messages.map(({ seq, nonce, at }) => ({ seq, nonce, at }))).toEqual(
      before.map(({ seq, at }) => ({ seq, at, nonce: `nonce ${seq}` })),
    );
    using writing = await RawClient.greet(newUrl, ann.token);
    expect(await writing.post(room, 'text 3', 'nonce 3')).toEqual(before[2] as { seq: number; at: number });
    expect((await writing.post(room, 'text 11', 'nonce 11')).seq).toBe(11);
    expect(await logIn(newUrl, 'ann', 'another')).toBeString();
  });
}

test('[LIFE7] a second start on a directory that is in use is refused with one line, and the first goes on', async () => {
  using dir = tempDir();
  await using engine = engineOn(dir.path);
  const url = await engine.url();
  const { code, stdout, stderr } = await ends({ flags: ['--data-dir', dir.path, '--port', '0'] });
  expect([code, stdout]).toEqual([FAILED, '']);
  expect(lines(stderr)).toEqual([`mailroom: the data directory ${dir.path} is in use by another process`]);
  await ready(url);
});

test('[LIFE8] a port that somebody listens on is refused with one line, and the directory is let go', async () => {
  using dir = tempDir();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const { code, stdout, stderr } = await ends({ flags: ['--data-dir', dir.path, '--port', String(port)] });
  other.close();
  expect([code, stdout]).toEqual([FAILED, '']);
  expect(lines(stderr)).toHaveLength(1);
  expect(stderr).toStartWith(`mailroom: cannot listen on 127.0.0.1, port ${port}: `);
  await using engine = engineOn(dir.path);
  expect(await engine.url()).toBeString();
});

test('[LIFE8] an engine on the port is noticed too, although its threads share the port among themselves', async () => {
  using dir = tempDir();
  await using engine = engineOn(join(dir.path, 'one'));
  const { port } = new URL(await engine.url());
  const { code, stderr } = await ends({ flags: ['--data-dir', join(dir.path, 'two'), '--port', port] });
  expect(code).toBe(FAILED);
  expect(lines(stderr)).toHaveLength(1);
  expect(stderr).toContain(`port ${port}`);
});

test('[LIFE9] port 0 picks a free port for all threads, and the address is printed in one line', async () => {
  using dir = tempDir();
  await using one = engineOn(join(dir.path, 'one'));
  await using two = engineOn(join(dir.path, 'two'));
  const urls = [await one.url(), await two.url()];
  expect(new Set(urls).size).toBe(2);
  for (const url of urls) {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const answers = await Promise.all(range(1, 20).map(() => http(url, 'GET', '/healthz')));
    for (const { status } of answers) expect(status).toBe(200);
  }
  expect(one.stdout).toBe(`Mailroom is running. Open ${urls[0]} in a browser. Ctrl-C ends it.\n`);
});

test('[LIFE10] bad values are told together, one line each with the name, and nothing is started or made', async () => {
  using dir = tempDir();
  const dataDir = join(dir.path, 'data');
  const env = { MAILROOM_PORT: '65536', MAILROOM_RATE_LIMIT: 'maybe', MAILROOM_THREADS: '' };
  const { code, stdout, stderr } = await ends({
    env,
    flags: ['--data-dir', dataDir, '--threads', '0', '--colour', 'red'],
  });
  expect([code, stdout]).toEqual([USAGE, '']);
  const told = lines(stderr);
  for (const line of told) expect(line).toStartWith('mailroom: ');
  for (const name of ['MAILROOM_PORT', 'MAILROOM_RATE_LIMIT', 'MAILROOM_THREADS (--threads)', '--colour', "'red'"]) {
    expect(told.filter((line) => line.startsWith(`mailroom: ${name}:`))).toHaveLength(1);
  }
  expect(told).toHaveLength(5);
  expect(readdirSync(dir.path)).toEqual([]);
});

test('[LIFE11] --help lists every variable with its flag and starts nothing', async () => {
  using dir = tempDir();
  const { code, stdout, stderr } = await ends({ flags: ['--data-dir', join(dir.path, 'data'), '--help'] });
  expect([code, stderr]).toEqual([0, '']);
  for (const variable of VARIABLES) expect(stdout).toContain(`${flagOf(variable)}, ${variable.name}`);
  expect(readdirSync(dir.path)).toEqual([]);
});

test('[LIFE12] a data directory that cannot be made is refused with one line that names it', async () => {
  using dir = tempDir();
  writeFileSync(join(dir.path, 'file'), '');
  const dataDir = join(dir.path, 'file', 'data');
  const { code, stdout, stderr } = await ends({ flags: ['--data-dir', dataDir, '--port', '0'] });
  expect([code, stdout]).toEqual([FAILED, '']);
  expect(lines(stderr)).toHaveLength(1);
  expect(stderr).toContain(dataDir);
});

for (const file of ['records.db', 'messages.db']) {
  test(`[LIFE13] a ${file} that is no database stops the start with its name, and stays as it was`, async () => {
    using dir = tempDir();
    const dataDir = join(dir.path, 'data');
    mkdirSync(dataDir);
    const path = join(dataDir, file);
    const content = 'not a database, but long enough to look like one might be'.repeat(40);
    writeFileSync(path, content);
    const { code, stdout, stderr } = await ends({ flags: ['--data-dir', dataDir, '--port', '0'] });
    expect([code, stdout]).toEqual([FAILED, '']);
    expect(stderr).toContain(file);
    expect(await Bun.file(path).text()).toBe(content);
  });
}

test('[LIFE9] a signal that comes right after the address was printed is heard', async () => {
  using dir = tempDir();
  await using engine = new Engine({ flags: ['--data-dir', dir.path, '--port', '0'] });
  await engine.url();
  expect((await engine.end('SIGTERM')).code).toBe(0);
});
