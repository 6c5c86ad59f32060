/** Files in posts: who may post them, and who may read them then. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Account, newAccounts } from '../../support/http.ts';
import { plantFile, withFileRecords } from '../../support/planted-files.ts';
import { RawClient, textBody } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('files in posts', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let eve: Account;

  beforeAll(async () => {
    server = await startServer();
    [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const rolesOf = (user: Account, file: string): Promise<readonly string[]> =>
    withFileRecords(server.dataDir, async (files) => {
      const [access] = await files.access(user.id, [file], Date.now());
      return access?.roles ?? [];
    });
  const withFiles = (room: string, files: readonly string[], nonce: string = crypto.randomUUID()) => ({
    room,
    nonce,
    body: textBody('look'),
    files,
  });

  test('[FIL15] a posted file is told to every member, in history too, and is theirs to read while they are members', async () => {
    const file = await plantFile(server.dataDir, ann.id, 'plan.pdf');
    using poster = await RawClient.greet(server.url, ann.token);
    using reader = await RawClient.greet(server.url, bob.token);
    const { room } = await poster.ok('rooms.create', { members: [bob.id] });
    expect(await rolesOf(bob, file.id)).toEqual([]);
    const { seq } = await poster.ok('messages.post', withFiles(room, [file.id, file.id], 'n1'));
    const message = await reader.notification('message', (one) => one.room === room && one.seq === seq);
    expect(message.files).toEqual([file.id, file.id]);
    const { messages } = await reader.ok('messages.history', { room });
    expect(messages.at(-1)?.files).toEqual([file.id, file.id]);
    expect(await rolesOf(bob, file.id)).toEqual(['member']);
    expect(await rolesOf(eve, file.id)).toEqual([]);
    const again = await poster.ok('messages.post', withFiles(room, [file.id, file.id], 'n1'));
    expect(again.seq).toBe(seq);
    await reader.ok('rooms.leave', { room });
    expect(await rolesOf(bob, file.id)).toEqual([]);
  });

  test('[FIL16] what is not the poster’s to post, and where they are no member, nothing is posted or granted', async () => {
    const file = await plantFile(server.dataDir, ann.id, 'secret.pdf');
    using owner = await RawClient.greet(server.url, ann.token);
    using thief = await RawClient.greet(server.url, eve.token);
    const { room } = await owner.ok('rooms.create', { members: [bob.id] });
    const { room: den } = await thief.ok('rooms.create', {});
    for (const files of [[file.id], ['unknown'], [file.id, 'unknown']]) {
      expect((await thief.refused('messages.post', withFiles(den, files))).code).toBe('not_found');
    }
    const mine = await plantFile(server.dataDir, eve.id, 'mine.pdf');
    expect((await thief.refused('messages.post', withFiles(room, [mine.id]))).code).toBe('forbidden');
    expect((await thief.refused('messages.post', withFiles(den, [mine.id, file.id]))).code).toBe('not_found');
    expect(await rolesOf(bob, mine.id)).toEqual([]);
    expect(await rolesOf(eve, file.id)).toEqual([]);
    expect(await thief.post(den, 'the next one goes')).toMatchObject({ seq: 1 });
    expect(await owner.post(room, 'and here')).toMatchObject({ seq: 1 });
  });

  test('[FIL17] members may post on what was posted to them, and posts behind one with files do not overtake it', async () => {
    const file = await plantFile(server.dataDir, ann.id, 'joke.gif');
    using poster = await RawClient.greet(server.url, ann.token);
    using member = await RawClient.greet(server.url, bob.token);
    const { room } = await poster.ok('rooms.create', { members: [bob.id] });
    const requests = Array.from({ length: 20 }, (_, index) => {
      const files = index % 4 === 0 ? [file.id] : [];
      return ['messages.post', { room, nonce: `n${index}`, body: textBody(`m${index}`), files }] as const;
    });
    await Promise.all(poster.askAll(requests));
    await poster.upTo(room, requests.length);
    expect(poster.messages(room).map(({ nonce }) => nonce)).toEqual(requests.map(([, { nonce }]) => nonce));
    const { room: other } = await member.ok('rooms.create', { members: [eve.id] });
    await member.ok('messages.post', withFiles(other, [file.id]));
    expect(await rolesOf(eve, file.id)).toEqual(['member']);
    await withFileRecords(server.dataDir, (files) => files.purge(ann.id, file.id, Date.now()));
    expect(await rolesOf(eve, file.id)).toEqual(['member']);
  });
});
