/** The example client, written from the reference alone, against a running engine. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { tempDir } from '../contract/temp-dir.ts';
import { freePort } from '../support/free-port.ts';
import { newAccount } from '../support/http.ts';
import { RawClient, range } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { TEST_MS, within } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const PYTHON = '/usr/bin/python3';
const SCRIPT = join(import.meta.dir, '../../examples/python-client/mailroom_client.py');

const isMissing =
  Bun.spawnSync(['sh', '-c', `${PYTHON} -c "import websockets, msgpack"`], { stderr: 'ignore' }).exitCode !== 0;
if (isMissing) console.warn('skipped: the Python client needs: apt-get install python3-websockets python3-msgpack');

describe.skipIf(isMissing && process.env.CI === undefined)('the Python client', () => {
  test('[ENG60] it creates a room, posts, listens and reads history, and resumes after a restart on the same port', async () => {
    using dir = tempDir();
    const port = await freePort();
    const first = await startServer({ dataDir: dir.path, port });
    const ann = await newAccount(first.url, 'ann');
    const created = await run(first.url, 'pia', 'create', 'Tea & talk');
    const room = created[0]?.room as string;
    expect(created).toEqual([
      { room, kind: 'group', title: 'Tea & talk', seq: 0, change: 0, log: expect.any(String), read: 0, role: 'owner' },
    ]);
    expect(await run(first.url, 'pia', 'post', room, 'from Python')).toEqual([{ seq: 1, at: expect.any(Number) }]);

    await using listener = listen(first.url, 'paul', room, 40);
    await listener.said('listening in');
    const before = await RawClient.greet(first.url, ann.token);
    await before.ok('rooms.join', { room });
    await Promise.all(range(2, 20).map((n) => before.post(room, `word ${n}`)));
    await listener.printed(20);
    expect(await first.stop()).toBe(0);

    await using second = await startServer({ dataDir: dir.path, port });
    using after = await RawClient.greet(second.url, ann.token);
    await Promise.all(range(21, 40).map((n) => after.post(room, `word ${n}`)));
    const heard = await listener.printed(40);
    expect(heard.map(({ seq }) => seq)).toEqual(range(1, 40));
    expect(heard.map(({ body }) => body)).toEqual([
      { type: 'text', text: 'from Python' },
      ...range(2, 40).map(() => ({ type: 'text', text: expect.stringMatching(/^word \d+$/) })),
    ]);
    expect(await within('the listener to end', listener.exited)).toBe(0);
    const history = await run(second.url, 'pia', 'history', room);
    expect(history).toEqual(heard);
  });

  test('[ENG60] a wrong password ends it with one line', async () => {
    await using server = await startServer();
    await newAccount(server.url, 'ann');
    const child = spawn(server.url, 'ann', ['create', 'x'], 'not the password');
    const errors = await new Response(child.stderr).text();
    expect(await within('the client to end', child.exited)).toBe(1);
    expect(errors.trim()).toStartWith('mailroom: ');
    expect(errors.trim().split('\n').length).toBe(1);
  });
});

type Line = Readonly<Record<string, unknown>>;

function spawn(url: string, user: string, words: readonly string[], password = 'correct horse battery') {
  const argv = [PYTHON, SCRIPT, '--url', url, '--user', user, '--password', password, ...words];
  return Bun.spawn(argv, { stdout: 'pipe', stderr: 'pipe' });
}

/** Runs a command to its end; the lines that it printed. */
async function run(url: string, user: string, ...words: string[]): Promise<Line[]> {
  const child = spawn(url, user, words);
  const [output, errors, exitCode] = await within(
    `the command ${words[0]}`,
    Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]),
  );
  expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

function listen(url: string, user: string, room: string, count: number) {
  const child = spawn(url, user, ['listen', room, '--count', String(count), '--after', '0']);
  let output = '';
  let errors = '';
  let look = (): void => undefined;
  const gather = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      take(decoder.decode(chunk, { stream: true }));
      look();
    }
  };
  const gathering = Promise.all([
    gather(child.stdout, (text) => {
      output += text;
    }),
    gather(child.stderr, (text) => {
      errors += text;
    }),
  ]);
  const until = <T>(what: string, found: () => T | undefined): Promise<T> => {
    const arrived = new Promise<T>((resolve) => {
      look = () => {
        const value = found();
        if (value !== undefined) resolve(value);
      };
      look();
    });
    return within(what, arrived);
  };
  return {
    exited: child.exited,
    said: (text: string) => until(`the client to say "${text}"`, () => errors.includes(text) || undefined),
    printed: (lines: number) =>
      until(`${lines} printed messages`, () => {
        const whole = output.split('\n').slice(0, -1);
        return whole.length >= lines ? whole.map((line) => JSON.parse(line) as Line) : undefined;
      }),
    async [Symbol.asyncDispose]() {
      child.kill();
      await gathering;
    },
  };
}
