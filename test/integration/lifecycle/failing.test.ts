/** A thread that dies takes the engine with it in good sight of everybody, and the next start has everything. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { tempDir } from '../../contract/temp-dir.ts';
import { newAccount } from '../../support/http.ts';
import { RawClient, range } from '../../support/raw-client.ts';
import { TEST_MS } from '../../support/wait.ts';
import { engineOn } from './engine.ts';

setDefaultTimeout(TEST_MS);

const PRELOAD = join(import.meta.dir, 'fail-on-demand.ts');
/** Threads as they are started: two shards, then the log, the persister, the records, the files and the search. */
const THREADS = { shard: 1, log: 3, persister: 4, records: 5, files: 6, search: 7 } as const;

const CASES = [
  ['shard', 'throw'],
  ['log', 'exit'],
  ['persister', 'reject'],
  ['records', 'throw'],
  ['files', 'throw'],
  ['search', 'throw'],
] as const;

for (const [role, how] of CASES) {
  test(`[LIFE5] where the ${role} thread ends by '${how}' the engine exits with 70 and its sockets close with 4503`, async () => {
    using dir = tempDir();
    const env = { FAIL_THREAD: String(THREADS[role]), FAIL_HOW: how };
    await using engine = engineOn(dir.path, { preload: PRELOAD, env });
    const url = await engine.url();
    const { token } = await newAccount(url, 'ann');
    const clients = await Promise.all(range(1, 4).map(() => RawClient.greet(url, token)));
    const { room } = await (clients[0] as RawClient).ok('rooms.create', { title: 'room' });
    await (clients[0] as RawClient).post(room, 'kept');
    const { code, stderr } = await engine.end('SIGUSR2');
    expect(code).toBe(70);
    expect(stderr).toContain('the engine cannot go on');
    expect(stderr).toContain(how === 'exit' ? 'the thread ended' : 'a defect on demand');
    for (const client of clients) expect(await client.closeCode()).toBe(4503);

    await using again = engineOn(dir.path);
    using reader = await RawClient.greet(await again.url(), token);
    expect((await reader.ok('messages.history', { room })).messages).toHaveLength(1);
  });
}
