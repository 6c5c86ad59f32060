/** Each back end is chosen on its own: any of them may be real while the others are embedded. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackEnd, describeWith } from '../support/back-ends.ts';
import { makeDeployment } from '../support/deployment.ts';
import { http, newAccounts } from '../support/http.ts';
import { RawClient, range } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';

setDefaultTimeout(120_000);

const ALL: readonly BackEnd[] = ['mysql', 'redis', 'rabbitmq', 'ceph'];
const SUBSETS = range(0, 15).map((bits) => ALL.filter((_, bit) => (bits & (1 << bit)) !== 0));
/** One at a time, all but one, none, all: what a variable forgets to switch, or switches too much, shows here. */
const TELLING = SUBSETS.filter(({ length }) => length !== 2);
const tried = process.env.MAILROOM_TEST_FULL === '1' ? SUBSETS : TELLING;

describeWith(ALL, 'mixed modes', (variables) => {
  for (const subset of tried) {
    const title = subset.length === 0 ? 'none' : subset.join(', ');
    test(`[ENG70] real: ${title}; the rest embedded: posts are answered, and there after a crash`, async () => {
      await using deployment = await makeDeployment(variables, subset);
      await using directory = temporaryDirectory();
      const start = () => startServer({ dataDir: directory.path, env: deployment.env });
      const before = await (async () => {
        await using server = await start();
        const [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
        using client = await RawClient.greet(server.url, ann.token);
        const { room } = await client.ok('rooms.create', { members: [bob.id] });
        const posted = await Promise.all(range(1, 50).map((n) => client.post(room, `text ${n}`, `nonce ${n}`)));
        expect(posted.map(({ seq }) => seq)).toEqual(range(1, 50));
        await server.kill();
        return { ann, bob, room, posted };
      })();
      await using server = await start();
      using reader = await RawClient.greet(server.url, before.bob.token, { [before.room]: 0 });
      expect(await reader.upTo(before.room, 50)).toEqual(range(1, 50));
      using writer = await RawClient.greet(server.url, before.ann.token);
      expect(await writer.post(before.room, 'again', 'nonce 7')).toEqual(before.posted[6] as never);
      expect((await writer.post(before.room, 'new')).seq).toBe(51);
      const ready = await http(server.url, 'GET', '/readyz');
      expect(ready.status).toBe(200);
      expect(await server.stop()).toBe(0);
    });
  }

  test('[ENG71] a second node on the same back ends is refused while the first one lives, and starts after it ended', async () => {
    await using deployment = await makeDeployment(variables);
    await using first = await startServer({ env: deployment.env });
    await expect(startServer({ env: deployment.env })).rejects.toThrow('has this deployment, and lives');
    const [ann] = await newAccounts(first.url, ['ann']);
    using client = await RawClient.greet(first.url, ann.token);
    const { room } = await client.ok('rooms.create', {});
    expect((await client.post(room, 'still here')).seq).toBe(1);
    expect(await first.stop()).toBe(0);
    await using second = await startServer({ env: deployment.env });
    using again = await RawClient.greet(second.url, ann.token);
    expect((await again.post(room, 'elsewhere')).seq).toBe(2);
  });
});

function temporaryDirectory(): AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'mailroom-modes-'));
  return {
    path,
    [Symbol.asyncDispose]: () => Promise.resolve(rmSync(path, { recursive: true, force: true })),
  };
}
