/** A user's files over HTTP: lists, names, the trash, the quota; and nobody else's. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Account, expectProblem, type HttpAnswer, type HttpCall, http, newAccounts } from '../../support/http.ts';
import { type PlantedFile, plantFile } from '../../support/planted-files.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

describe('the drive', () => {
  let server: TestServer;
  let ann: Account;
  let eve: Account;

  beforeAll(async () => {
    server = await startServer({ env: { MAILROOM_QUOTA: '1MiB' } });
    [ann, eve] = await newAccounts(server.url, ['ann', 'eve']);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const as = (user: Account, method: string, path: string, call: HttpCall = {}): Promise<HttpAnswer> =>
    http(server.url, method, path, { ...call, token: user.token });
  const plant = (user: Account, name: string): Promise<PlantedFile> => plantFile(server.dataDir, user.id, name);
  const names = ({ json }: HttpAnswer): string[] => json.files.map(({ name }: { name: string }) => name);

  test('[FIL20] files are listed from new to old in pages, searched by name, and shown one by one', async () => {
    const [user] = await newAccounts(server.url, ['lister']);
    const planted: PlantedFile[] = [];
    for (const name of ['one.txt', 'Two.TXT', 'three.md']) planted.push(await plant(user, name));
    const all = await as(user, 'GET', '/v1/files');
    expect(names(all)).toEqual(['three.md', 'Two.TXT', 'one.txt']);
    const first = await as(user, 'GET', '/v1/files?limit=2');
    expect(names(first)).toEqual(['three.md', 'Two.TXT']);
    const second = await as(user, 'GET', `/v1/files?limit=2&cursor=${first.json.cursor}`);
    expect(names(second)).toEqual(['one.txt']);
    expect(second.json.cursor).toBeUndefined();
    expect(names(await as(user, 'GET', '/v1/files?search=.txt'))).toEqual(['Two.TXT', 'one.txt']);
    const { json } = await as(user, 'GET', `/v1/files/${planted[0]?.id}`);
    expect(json.file).toEqual({
      id: planted[0]?.id,
      name: 'one.txt',
      size: 1_000,
      type: 'application/octet-stream',
      sha256: planted[0]?.hash,
      owner: user.id,
      uploadedAt: expect.any(Number),
      updatedAt: expect.any(Number),
    });
  });

  test('[FIL21] a file is renamed, thrown away, restored, and deleted for good, which alone frees its quota', async () => {
    const file = await plant(ann, 'draft.txt');
    const path = `/v1/files/${file.id}`;
    const usage = async (): Promise<unknown> => (await as(ann, 'GET', '/v1/files/usage')).json;
    expect(await usage()).toEqual({ used: 1_000, reserved: 0, files: 1, quota: 2 ** 20 });
    expect((await as(ann, 'PATCH', path, { body: { name: ' final.txt ' } })).json.file.name).toBe('final.txt');
    for (const name of ['a/b', '..', 'x'.repeat(256)]) {
      expectProblem(await as(ann, 'PATCH', path, { body: { name } }), 400, 'invalid');
    }
    expectProblem(await as(ann, 'POST', `${path}/restore`), 404, 'not_found');
    expect((await as(ann, 'DELETE', path)).status).toBe(204);
    expectProblem(await as(ann, 'DELETE', path), 404, 'not_found');
    expect(names(await as(ann, 'GET', '/v1/files'))).toEqual([]);
    expect(names(await as(ann, 'GET', '/v1/files?scope=trash'))).toEqual(['final.txt']);
    expect((await as(ann, 'GET', path)).json.file.trashedAt).toBeNumber();
    expect(await usage()).toMatchObject({ used: 1_000 });
    expect((await as(ann, 'POST', `${path}/restore`)).json.file).toMatchObject({ name: 'final.txt' });
    expect((await as(ann, 'DELETE', `${path}?purge=true`)).status).toBe(204);
    expectProblem(await as(ann, 'GET', path), 404, 'not_found');
    expect(await usage()).toMatchObject({ used: 0, files: 0 });
  });

  test('[FIL22] without a token nothing is told, and with somebody else’s a file does not exist', async () => {
    const file = await plant(ann, 'private.txt');
    const path = `/v1/files/${file.id}`;
    const calls: readonly (readonly [string, string, HttpCall])[] = [
      ['GET', path, {}],
      ['PATCH', path, { body: { name: 'mine' } }],
      ['DELETE', path, {}],
      ['DELETE', `${path}?purge=true`, {}],
      ['POST', `${path}/restore`, {}],
    ];
    for (const [method, url, call] of calls) {
      expectProblem(await http(server.url, method, url, call), 401, 'unauthenticated');
      expectProblem(await as(eve, method, url, call), 404, 'not_found');
    }
    for (const url of ['/v1/files', '/v1/files/usage']) {
      expectProblem(await http(server.url, 'GET', url), 401, 'unauthenticated');
    }
    expect(names(await as(eve, 'GET', '/v1/files'))).toEqual([]);
    expect(names(await as(ann, 'GET', '/v1/files'))).toContain('private.txt');
  });

  test('[FIL23] what is no page, no cursor and no scope is refused', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=nonsense', 'cursor=', 'scope=all', 'search=']) {
      expectProblem(await as(ann, 'GET', `/v1/files?${query}`), 400, 'invalid');
    }
  });
});
