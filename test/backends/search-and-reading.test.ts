/** Search, mentions, marks and hidden messages on real back ends: the same answers, also after a crash. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { tempDir } from '../contract/temp-dir.ts';
import { type BackEnd, describeWith } from '../support/back-ends.ts';
import { makeDeployment } from '../support/deployment.ts';
import { type Account, newAccounts } from '../support/http.ts';
import { RawClient, textBody } from '../support/raw-client.ts';
import { startServer } from '../support/server.ts';
import { eventually, TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const USED: readonly BackEnd[] = ['mysql', 'redis', 'rabbitmq'];

describeWith(USED, 'search and reading', (variables) => {
  test('[SRC10] [RDS7] what was posted is found, counted, marked and hidden, before a kill and after', async () => {
    await using deployment = await makeDeployment(variables, USED);
    using dir = tempDir();
    let people: readonly [Account, Account] | undefined;
    let room = '';
    for (const isFirst of [true, false]) {
      await using server = await startServer({ dataDir: dir.path, env: deployment.env });
      people ??= await newAccounts(server.url, ['ann', 'bob']);
      const [ann, bob] = people;
      using anns = await RawClient.greet(server.url, ann.token);
      using bobs = await RawClient.greet(server.url, bob.token);
      if (isFirst) {
        room = (await anns.ok('rooms.create', { members: [bob.id] })).room;
        await anns.ok('messages.post', { room, nonce: '1', body: textBody('the weather'), mentions: [bob.id] });
        await anns.ok('messages.post', { room, nonce: '2', body: textBody('今天天气很好'), mentionAll: true });
        await anns.ok('messages.post', { room, nonce: '3', body: textBody('weather, hidden') });
        await bobs.ok('messages.hide', { room, seqs: [3] });
        await bobs.ok('rooms.mark', { room, unread: true });
      }
      for (const [client, query, seqs] of [
        [anns, 'weath', [3, 1]],
        [bobs, 'weath', [1]],
        [bobs, '天气', [2]],
      ] as const) {
        await eventually(
          `${query} to be found`,
          async () => (await client.ok('messages.search', { query })).hits.map(({ seq }) => seq),
          (found) => JSON.stringify(found) === JSON.stringify(seqs),
        );
      }
      const { rooms } = await bobs.ok('rooms.list', {});
      const { mentions, marked, hidden } = rooms.find(({ id }) => id === room) ?? {};
      expect({ mentions, marked, hidden }).toEqual({ mentions: 2, marked: true, hidden: 1 });
      const { messages } = await bobs.ok('messages.history', { room, around: 2 });
      expect(messages.map((message) => [message.seq, message.hidden ?? false])).toEqual([
        [1, false],
        [2, false],
        [3, true],
      ]);
      await server.kill();
    }
  });

  test('[SRC14] the index follows edits and recalls, and is the same when it is made anew', async () => {
    await using deployment = await makeDeployment(variables, USED);
    using dir = tempDir();
    let ann: Account | undefined;
    let room = '';
    for (const search of ['on', 'rebuild']) {
      const env = { ...deployment.env, MAILROOM_SEARCH: search };
      await using server = await startServer({ dataDir: dir.path, env });
      ann ??= (await newAccounts(server.url, ['ann']))[0];
      using client = await RawClient.greet(server.url, ann.token);
      const untilFound = (query: string, seqs: readonly number[]) =>
        eventually(
          `${query} to be found in ${seqs}`,
          async () => (await client.ok('messages.search', { query, limit: 1 })).hits.map(({ seq }) => seq),
          (found) => JSON.stringify(found) === JSON.stringify(seqs),
        );
      if (room === '') {
        room = (await client.ok('rooms.create', {})).room;
        for (const text of ['a draft', 'draft two', 'draft three']) await client.post(room, text);
        await untilFound('draft', [3]);
        await client.ok('messages.edit', { room, seq: 2, nonce: 'e', body: textBody('final') });
        await client.ok('messages.recall', { room, seq: 3, nonce: 'r' });
      }
      // What the index still had under its old words would take the only place of the page.
      await untilFound('draft', [1]);
      await untilFound('final', [2]);
      await server.kill();
    }
  });
});
