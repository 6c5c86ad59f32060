/** What owners give: to friends, and to rooms. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { Files } from '../../../src/client/files.ts';
import { type Account, expectProblem, type HttpAnswer, http, newAccounts } from '../../support/http.ts';
import { type PlantedFile, plantFile } from '../../support/planted-files.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('sharing', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let eve: Account;
  let annsSocket: RawClient;
  let bobsSocket: RawClient;

  beforeAll(async () => {
    server = await startServer();
    [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    annsSocket = await RawClient.greet(server.url, ann.token);
    bobsSocket = await RawClient.greet(server.url, bob.token);
    await annsSocket.ok('contacts.request', { user: bob.id });
    await bobsSocket.ok('contacts.accept', { user: ann.id });
  });
  afterAll(async () => {
    annsSocket[Symbol.dispose]();
    bobsSocket[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });

  const as = (user: Account, method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    http(server.url, method, path, { token: user.token, ...(body === undefined ? {} : { body }) });
  const plant = (name: string): Promise<PlantedFile> => plantFile(server.dataDir, ann.id, name);
  const sharesOf = ({ id }: PlantedFile): string => `/v1/files/${id}/shares`;
  const sharedWith = async (user: Account): Promise<readonly string[]> => {
    const { json } = await as(user, 'GET', '/v1/files?scope=shared');
    return json.files.map(({ id }: { readonly id: string }) => id);
  };

  test('[SHR10] a contact has what was shared with them, at once and without a copy, until the share ends', async () => {
    const file = await plant('gift.txt');
    const path = `/v1/files/${file.id}/content`;
    expectProblem(await as(bob, 'GET', path), 404, 'not_found');
    const { status, json } = await as(ann, 'POST', sharesOf(file), { user: bob.id });
    expect(status).toBe(201);
    const share = { id: expect.any(String), file: file.id, kind: 'user', user: bob.id, createdAt: expect.any(Number) };
    expect(json).toEqual({ share });
    expect(await sharedWith(bob)).toEqual([file.id]);
    expect((await as(bob, 'GET', '/v1/files/usage')).json).toMatchObject({ used: 0, files: 0 });
    expect((await as(bob, 'GET', path)).text).toBe(Buffer.from(file.bytes).toString());
    const again = await as(ann, 'POST', sharesOf(file), { user: bob.id });
    expect({ status: again.status, json: again.json }).toEqual({ status: 200, json });
    expect((await as(ann, 'GET', sharesOf(file))).json).toEqual({ shares: [json.share] });
    expect((await as(ann, 'DELETE', `${sharesOf(file)}/${json.share.id}`)).status).toBe(204);
    expectProblem(await as(bob, 'GET', path), 404, 'not_found');
    expect(await sharedWith(bob)).toEqual([]);
    expect((await as(ann, 'GET', sharesOf(file))).json).toEqual({ shares: [] });
    expectProblem(await as(ann, 'DELETE', `${sharesOf(file)}/${json.share.id}`), 404, 'not_found');
  });

  test('[SHR11] strangers, and those between whom and the owner there is a block, are given nothing', async () => {
    const file = await plant('private.txt');
    const stranger = await as(ann, 'POST', sharesOf(file), { user: eve.id });
    expectProblem(stranger, 403, 'forbidden');
    // Whether somebody exists is not told either.
    expect((await as(ann, 'POST', sharesOf(file), { user: 'nobody' })).json).toEqual(stranger.json);
    expectProblem(await as(ann, 'POST', sharesOf(file), { user: ann.id }), 403, 'forbidden');
    const [carl] = await newAccounts(server.url, ['carl']);
    using carlsSocket = await RawClient.greet(server.url, carl.token);
    await annsSocket.ok('contacts.request', { user: carl.id });
    expectProblem(await as(ann, 'POST', sharesOf(file), { user: carl.id }), 403, 'forbidden');
    await carlsSocket.ok('contacts.accept', { user: ann.id });
    await carlsSocket.ok('blocks.add', { user: ann.id });
    expectProblem(await as(ann, 'POST', sharesOf(file), { user: carl.id }), 403, 'forbidden');
    expect(await sharedWith(carl)).toEqual([]);
  });

  test('[SHR12] only the owner shares, and sees and ends shares; what is in the trash is not shared', async () => {
    const file = await plant('mine.txt');
    const { json } = await as(ann, 'POST', sharesOf(file), { user: bob.id });
    for (const user of [bob, eve]) {
      expectProblem(await as(user, 'POST', sharesOf(file), { link: {} }), 404, 'not_found');
      expectProblem(await as(user, 'GET', sharesOf(file)), 404, 'not_found');
      expectProblem(await as(user, 'DELETE', `${sharesOf(file)}/${json.share.id}`), 404, 'not_found');
    }
    expectProblem(await http(server.url, 'POST', sharesOf(file), { body: { link: {} } }), 401, 'unauthenticated');
    await as(ann, 'DELETE', `/v1/files/${file.id}`);
    expectProblem(await as(ann, 'POST', sharesOf(file), { link: {} }), 404, 'not_found');
    expect(await sharedWith(bob)).toEqual([]);
  });

  test('[SHR13] a room is given a file with a message of it in the owner’s name, or without one', async () => {
    const file = await plant('plan.pdf');
    const { room } = await annsSocket.ok('rooms.create', { members: [bob.id] });
    const { status, json } = await as(ann, 'POST', sharesOf(file), { room });
    expect({ status, json }).toMatchObject({
      status: 201,
      json: { share: { kind: 'room', room }, message: { seq: 1 } },
    });
    const message = await bobsSocket.notification('message', (one) => one.room === room);
    expect({ from: message.from, files: message.files, seq: message.seq }).toEqual({
      from: ann.id,
      files: [file.id],
      seq: 1,
    });
    expect((await as(bob, 'GET', `/v1/files/${file.id}/content`)).status).toBe(200);
    const again = await as(ann, 'POST', sharesOf(file), { room });
    expect({ status: again.status, json: again.json }).toEqual({ status: 200, json });
    await as(ann, 'DELETE', `${sharesOf(file)}/${json.share.id}`);
    expectProblem(await as(bob, 'GET', `/v1/files/${file.id}/content`), 404, 'not_found');
    const quiet = await as(ann, 'POST', sharesOf(file), { room, message: false });
    expect(quiet.json.message).toBeUndefined();
    expect((await as(bob, 'GET', `/v1/files/${file.id}/content`)).status).toBe(200);
    expect(await annsSocket.post(room, 'the next one')).toMatchObject({ seq: 2 });
  });

  test('[SHR14] who is not in a room, or may not post there, shares nothing with it', async () => {
    const file = await plant('flyer.pdf');
    const { room: strange } = await bobsSocket.ok('rooms.create', {});
    expectProblem(await as(ann, 'POST', sharesOf(file), { room: strange }), 403, 'forbidden');
    expectProblem(await as(ann, 'POST', sharesOf(file), { room: 'nowhere' }), 403, 'forbidden');
    const { room } = await bobsSocket.ok('rooms.create', { members: [ann.id] });
    await bobsSocket.ok('rooms.mute', { room, user: ann.id, until: Date.now() + 3_600_000 });
    expectProblem(await as(ann, 'POST', sharesOf(file), { room }), 403, 'forbidden');
    expectProblem(await as(bob, 'GET', `/v1/files/${file.id}/content`), 404, 'not_found');
    expect((await as(ann, 'GET', sharesOf(file))).json).toEqual({ shares: [] });
  });

  test('[SHR15] what is no wish, or wishes for two at once, is refused', async () => {
    const file = await plant('odd.txt');
    const wishes = [
      {},
      { user: bob.id, link: {} },
      { user: '' },
      { link: { maxDownloads: 0 } },
      { link: { expiresAt: Date.now() - 1_000 } },
      { link: { password: '' } },
      { link: { password: 'x'.repeat(1_025) } },
    ];
    for (const wish of wishes) expectProblem(await as(ann, 'POST', sharesOf(file), wish), 400, 'invalid');
    expect((await as(ann, 'GET', sharesOf(file))).json).toEqual({ shares: [] });
  });

  test('[SHR22] the client library shares, lists and ends shares', async () => {
    const file = await plant('library.txt');
    const files = new Files(server.url, () => ann.token);
    const { room } = await annsSocket.ok('rooms.create', {});
    const gift = await files.shareWithUser(file.id, bob.id);
    const given = await files.shareWithRoom(file.id, room, false);
    const link = await files.shareByLink(file.id, { maxDownloads: 3, password: 'please' });
    expect(link.url).toStartWith(`${server.url}/s/`);
    const { url: _, ...listed } = link;
    expect(await files.shares(file.id)).toEqual([gift, given, listed]);
    for (const { id } of [gift, given, link]) await files.endShare(file.id, id);
    expect(await files.shares(file.id)).toEqual([]);
    expect(await sharedWith(bob)).toEqual([]);
  });

  test('[SHR23] a forwarded message gives its files to the room it goes to', async () => {
    const file = await plant('passed-on.txt');
    const { room: from } = await annsSocket.ok('rooms.create', { members: [bob.id] });
    const { json } = await as(ann, 'POST', sharesOf(file), { room: from });
    const { room } = await bobsSocket.ok('rooms.create', {});
    using evesSocket = await RawClient.greet(server.url, eve.token);
    await bobsSocket.ok('rooms.invite', { room, user: eve.id });
    const message = { room: from, seq: json.message.seq };
    expectProblem(await as(eve, 'GET', `/v1/files/${file.id}/content`), 404, 'not_found');
    await bobsSocket.ok('messages.forward', { from: message, room, nonce: 'on' });
    expect((await evesSocket.notification('message', (one) => one.room === room)).files).toEqual([file.id]);
    expect((await as(eve, 'GET', `/v1/files/${file.id}/content`)).status).toBe(200);
  });

  test('[SHR24] one’s profile is changed over HTTP by the rules of the socket', async () => {
    const file = await plant('me.png');
    const change = { displayName: 'Ann O’Nym', about: 'here', avatar: file.id };
    const { status, json } = await as(ann, 'PATCH', '/v1/me', change);
    expect({ status, json }).toEqual({ status: 200, json: { user: { id: ann.id, username: 'ann', ...change } } });
    expect((await annsSocket.ok('users.get', { users: [ann.id] })).users).toEqual([json.user]);
    const left = await as(ann, 'PATCH', '/v1/me', { about: '', avatar: '' });
    expect(left.json.user).toEqual({ id: ann.id, username: 'ann', displayName: 'Ann O’Nym' });
    expectProblem(await as(bob, 'PATCH', '/v1/me', { avatar: file.id, about: 'lost' }), 404, 'not_found');
    expectProblem(await as(bob, 'PATCH', '/v1/me', { about: 'x'.repeat(10_000) }), 400, 'invalid');
    expectProblem(await http(server.url, 'PATCH', '/v1/me', { body: {} }), 401, 'unauthenticated');
    expect((await as(bob, 'PATCH', '/v1/me', {})).json.user).toEqual({ id: bob.id, username: 'bob' });
  });
});
