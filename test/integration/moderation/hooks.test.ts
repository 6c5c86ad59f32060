/** Hooks: other programs are told of messages, over a real receiver. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Account, expectProblem, http, newAccount } from '../../support/http.ts';
import { RawClient, range, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';
import { newAdministrator } from './administrators.ts';
import { expectedSignature, Receiver } from './receiver.ts';

setDefaultTimeout(TEST_MS);

const SECRET = 'a secret of the test';
const env = { MAILROOM_HOOKS_TO_PRIVATE: 'on' };
let server: TestServer;
let root: Account;

beforeAll(async () => {
  server = await startServer({ env });
  root = await newAdministrator(server, 'root');
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const call = (by: Account, method: string, path: string, body?: unknown, url = server.url) =>
  http(url, method, `/v1/admin/hooks${path}`, { token: by.token, ...(body === undefined ? {} : { body }) });

async function newRoom(name: string, url = server.url): Promise<{ socket: RawClient; room: string; user: Account }> {
  const user = await newAccount(url, name);
  const socket = await RawClient.greet(url, user.token);
  const { room } = await socket.ok('rooms.create', { title: name });
  return { socket, room, user };
}

async function newHook(receiver: Receiver, rooms: readonly string[]): Promise<string> {
  const made = await call(root, 'POST', '', { url: receiver.url, rooms, secret: SECRET });
  expect(made.status).toBe(201);
  return made.json.id;
}

test('[HOK3] a hook is told of each message of its rooms, signed, with an id of its own', async () => {
  using receiver = new Receiver();
  const { socket, room, user } = await newRoom('hok3ann');
  const { room: other } = await socket.ok('rooms.create', { title: 'Not of the hook' });
  await newHook(receiver, [room]);
  await socket.post(other, 'elsewhere');
  for (const n of range(1, 20)) await socket.post(room, `message ${n}`);
  await receiver.count(20);
  const seqs = receiver.received.map(({ json }) => json.message.seq).sort((a, b) => a - b);
  expect(seqs).toEqual(range(1, 20));
  expect(new Set(receiver.received.map(({ json }) => json.id)).size).toBe(20);
  for (const each of receiver.received) {
    const { message, type, id } = each.json;
    expect([type, message.room, message.from, message.text]).toEqual([
      'message',
      room,
      user.id,
      `message ${message.seq}`,
    ]);
    expect(each.headers.get('mailroom-event')).toBe(id);
    expect(each.headers.get('mailroom-signature')).toBe(expectedSignature(SECRET, each));
    expect(Math.abs(Date.now() - Number(each.headers.get('mailroom-timestamp')))).toBeLessThan(TEST_MS);
  }
  socket[Symbol.dispose]();
});

test('[HOK4] what a hook does not take is sent again with the same id', async () => {
  using receiver = new Receiver();
  receiver.answer = () => new Response(null, { status: receiver.received.length <= 1 ? 503 : 200 });
  const { socket, room } = await newRoom('hok4ann');
  await newHook(receiver, [room]);
  await socket.post(room, 'twice');
  await receiver.count(2);
  expect(receiver.texts()).toEqual(['twice', 'twice']);
  expect(new Set(receiver.received.map(({ json }) => json.id)).size).toBe(1);
  for (const each of receiver.received) {
    expect(each.headers.get('mailroom-signature')).toBe(expectedSignature(SECRET, each));
  }
  socket[Symbol.dispose]();
});

test('[HOK4] what was recalled before it is sent again is not, and what was edited is sent as it is now', async () => {
  using receiver = new Receiver();
  receiver.answer = ({ json }) => new Response(null, { status: /recalled|first/.test(json.message.text) ? 410 : 200 });
  const { socket, room } = await newRoom('hok4bob');
  const hook = await newHook(receiver, [room]);
  await socket.post(room, 'recalled');
  await socket.post(room, 'first');
  await eventually(
    'two dead events',
    () => call(root, 'GET', `/${hook}/dead`),
    (answer) => answer.json.dead?.length === 2,
  );
  await socket.ok('messages.recall', { room, seq: 1, nonce: 'recall' });
  await socket.ok('messages.edit', { room, seq: 2, nonce: 'edit', body: textBody('second') });
  // The log keeps the order of the room: with this message the store has what was done before it.
  await socket.post(room, 'marker');
  await receiver.count(3);
  expect((await call(root, 'POST', `/${hook}/replay`, {})).json).toEqual({ replayed: 2 });
  await receiver.count(4);
  await socket.post(room, 'last');
  await receiver.count(5);
  expect(receiver.texts().slice(2)).toEqual(['marker', 'second', 'last']);
  socket[Symbol.dispose]();
});

test('[HOK5] what is given up is listed with its reason, and is sent again when an administrator says so', async () => {
  using receiver = new Receiver();
  receiver.answer = () => new Response(null, { status: 410 });
  const { socket, room } = await newRoom('hok5ann');
  const hook = await newHook(receiver, [room]);
  await socket.post(room, 'one');
  await socket.post(room, 'two');
  const { json } = await eventually(
    'two dead events',
    () => call(root, 'GET', `/${hook}/dead`),
    (answer) => answer.json.dead?.length === 2,
  );
  const [first] = json.dead;
  expect([first.room, first.attempts, first.reason]).toEqual([room, 1, 'answered 410']);
  receiver.answer = () => new Response('thank you');
  const before = receiver.received.length;
  const replayed = await call(root, 'POST', `/${hook}/replay`, { events: [first.id] });
  expect([replayed.status, replayed.json]).toEqual([200, { replayed: 1 }]);
  await receiver.count(before + 1);
  expect(receiver.received.at(-1)?.json.id).toBe(first.id);
  expect((await call(root, 'POST', `/${hook}/replay`, {})).json).toEqual({ replayed: 1 });
  await receiver.count(before + 2);
  expect((await call(root, 'GET', `/${hook}/dead`)).json).toEqual({ dead: [] });
  socket[Symbol.dispose]();
});

test('[HOK6] a hook that answers with a recall takes the message back, and the log of actions says so', async () => {
  using receiver = new Receiver();
  receiver.answer = ({ json }) => Response.json({ recall: json.message.text.includes('badword') });
  const { socket, room } = await newRoom('hok6ann');
  const hook = await newHook(receiver, [room]);
  await socket.post(room, 'a kind word');
  await socket.post(room, 'a badword');
  const told = await socket.notification('changed', (each) => each.room === room);
  expect([told.kind, told.seq, told.from]).toEqual(['recalled', 2, '~hooks']);
  const { entries } = (await http(server.url, 'GET', '/v1/admin/audit', { token: root.token })).json;
  const own = entries.filter(({ target }: { target: string }) => target === `${room}/2`);
  expect(own.map(({ actor, action, detail }: Record<string, unknown>) => [actor, action, detail])).toEqual([
    ['~hooks', 'message.recall', { reason: `hook ${hook}` }],
  ]);
  socket[Symbol.dispose]();
});

test('[HOK7] hooks are made, listed without secrets and removed; a removed one is told of nothing more', async () => {
  using receiver = new Receiver();
  using other = new Receiver();
  const { socket, room } = await newRoom('hok7ann');
  const made = await call(root, 'POST', '', { url: receiver.url, rooms: [room] });
  expect([made.status, made.json.secret.length]).toEqual([201, 64]);
  const { secret: _, ...shown } = made.json;
  const { hooks } = (await call(root, 'GET', '')).json;
  expect(hooks.find(({ id }: { id: string }) => id === shown.id)).toEqual(shown);
  await newHook(other, [room]);
  expect((await call(root, 'DELETE', `/${shown.id}`)).status).toBe(204);
  expectProblem(await call(root, 'DELETE', `/${shown.id}`), 404, 'not_found');
  expectProblem(await call(root, 'GET', `/${shown.id}/dead`), 404, 'not_found');
  await socket.post(room, 'after');
  await other.count(1);
  expect(receiver.received).toEqual([]);
  for (const url of ['ftp://example.com/', 'not an address', 'https://name:word@example.com/']) {
    expectProblem(await call(root, 'POST', '', { url }), 400, 'invalid');
  }
  socket[Symbol.dispose]();
});

test('[HOK8] without the flag a hook goes to public addresses only', async () => {
  await using careful = await startServer();
  const admin = await newAdministrator(careful, 'root');
  for (const url of ['http://127.0.0.1:9/', 'http://localhost/', 'http://[::1]/', 'http://169.254.169.254/latest']) {
    expectProblem(await call(admin, 'POST', '', { url }, careful.url), 400, 'invalid');
  }
  expect((await call(admin, 'POST', '', { url: 'https://example.com:8443/hook' }, careful.url)).status).toBe(201);
});

test('[HOK9] no message is lost to a hook by kill -9, whenever it comes', async () => {
  using receiver = new Receiver();
  const dataDir = mkdtempSync(join(tmpdir(), 'mailroom-hooks-'));
  let room = '';
  const posted: string[] = [];
  try {
    for (const round of range(1, 3)) {
      await using crashing = await startServer({ dataDir, env });
      if (round === 1) {
        const admin = await newAdministrator(crashing, 'root');
        expect((await call(admin, 'POST', '', { url: receiver.url }, crashing.url)).status).toBe(201);
      }
      const { socket, room: own } = await newRoom(`hok9ann${round}`, crashing.url);
      room = own;
      for (const n of range(1, 10)) {
        posted.push(`${room} ${n}`);
        await socket.post(room, `${room} ${n}`);
      }
      // Acknowledged, but nobody says how much of it has come to the store or to the hook.
      await crashing.kill();
    }
    await using last = await startServer({ dataDir, env });
    const missing = () => posted.filter((text) => !receiver.texts().includes(text));
    expect(await eventually('all messages at the hook', missing, (texts) => texts.length === 0)).toEqual([]);
    expect(last.errors()).not.toContain('a hook has not taken');
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
