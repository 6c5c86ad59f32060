/** The primary dies and its replica is promoted: nothing acknowledged is lost, and the engine goes on without a restart. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { openPool, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { formatPosition } from '../../src/storage/mysql/position.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, within } from '../support/wait.ts';
import { type MysqlPair, startPair } from './mysql-pair.ts';

setDefaultTimeout(180_000);

const PATIENCE_MS = 60_000;
const WRITERS = 8;

describeWith(['mysql'], 'mysql: promotion', () => {
  test('[SQL19] the primary is killed under load and its replica promoted: the records go on, and nothing acknowledged is lost', async () => {
    await using world = await openWorld();
    const { pair, servers, records } = world;
    const load = new Load(records);
    await eventually(
      'writes',
      () => load.acknowledged.length,
      (count) => count > 200,
      PATIENCE_MS,
    );
    await pair.primary.kill();
    await eventually(
      'a write to fail',
      () => load.failures,
      (count) => count > 0,
      PATIENCE_MS,
    );
    const acknowledgedBefore = load.acknowledged.length;

    const known = formatPosition(servers.primary.committed);
    const { code, output, errors } = await promote('--replica', pair.replica.adminUrl, '--known', known);
    expect({ code, errors }).toMatchObject({ code: 0 });
    expect(output.trim()).toBe(`mysql://${addressOf(pair.replica.url)}/mailroom`);

    await eventually(
      'writes on the new primary',
      () => load.acknowledged.length,
      (count) => count > acknowledgedBefore + 200,
      PATIENCE_MS,
    );
    await load.stop();
    expect(servers.primary.address).toBe(addressOf(pair.replica.url));
    const lost = [];
    for (const id of load.acknowledged) if ((await records.userById(id)) === null) lost.push(id);
    expect(lost).toEqual([]);

    // It comes back as it was: it takes writes, and does not know that it is no longer the one.
    await pair.primary.start();
    const refusal = await eventually(
      'the old primary to be up',
      () => faultOfPing(world.list),
      (fault) => fault?.includes('both take writes') === true,
      PATIENCE_MS,
    );
    expect(refusal).toContain(addressOf(pair.primary.url));
    expect(await records.createUser({ id: 'later', username: 'later', passwordHash: 'x', createdAt: 1 })).toBe(true);
    expect(servers.primary.address).toBe(addressOf(pair.replica.url));
    expect(await records.usersById(['later'])).toEqual([{ id: 'later', username: 'later' }]);
    const [semiSync] = await servers.primary.rows(
      'SELECT @@GLOBAL.rpl_semi_sync_master_enabled AS isPrimary, @@GLOBAL.rpl_semi_sync_slave_enabled AS isReplica, ' +
        '@@GLOBAL.rpl_semi_sync_master_wait_point AS point, @@GLOBAL.rpl_semi_sync_master_wait_no_slave AS waitsForNobody',
    );
    expect(semiSync).toEqual({ isPrimary: 1, isReplica: 0, point: 'AFTER_SYNC', waitsForNobody: 0 });
    const again = await promote('--replica', pair.replica.adminUrl);
    expect([again.code, again.errors.includes('follows nobody')]).toEqual([1, true]);
  });

  test('[SQL20] a replica that is behind what was acknowledged is refused and left as it was, unless the loss is accepted', async () => {
    await using world = await openWorld();
    const { pair, servers, records } = world;
    await records.createUser({ id: 'kept', username: 'kept', passwordHash: 'x', createdAt: 1 });
    await pair.replica.admin('STOP SLAVE IO_THREAD');
    // Without its replica the primary goes on alone after a second.
    await records.createUser({ id: 'lost', username: 'lost', passwordHash: 'x', createdAt: 1 });
    const known = formatPosition(servers.primary.committed);
    await pair.primary.kill();

    const unknown = await promote('--replica', pair.replica.adminUrl);
    expect([unknown.code, unknown.errors.includes('nobody can tell')]).toEqual([1, true]);
    const behind = await promote('--replica', pair.replica.adminUrl, '--known', known, '--wait', '1');
    expect([behind.code, behind.errors.includes('is behind'), behind.errors.includes(known)]).toEqual([1, true, true]);
    expect((await faultFrom(() => records.createUser(user('refused')))).code).toBe('unavailable');

    const accepted = await promote(
      '--replica',
      pair.replica.adminUrl,
      '--known',
      known,
      '--wait',
      '1',
      '--accept-loss',
    );
    expect([accepted.code, accepted.errors.includes('accepted:')]).toEqual([0, true]);
    expect(await records.createUser(user('new'))).toBe(true);
    expect(await records.userById('kept')).not.toBeNull();
    expect(await records.userById('lost')).toBeNull();
  });

  test('[SQL20] a primary that is alive is made read-only first, and writes again if the replica is refused', async () => {
    await using world = await openWorld();
    const { pair, servers, records } = world;
    await pair.replica.admin('STOP SLAVE IO_THREAD');
    await records.createUser(user('before'));
    const words = ['--replica', pair.replica.adminUrl, '--primary', pair.primary.adminUrl];
    const refused = await promote(...words, '--wait', '1');
    expect([refused.code, refused.errors.includes('has not applied')]).toEqual([1, true]);
    expect(await records.createUser(user('between'))).toBe(true);

    await pair.replica.admin('START SLAVE IO_THREAD');
    const load = new Load(records);
    await eventually(
      'writes',
      () => load.acknowledged.length,
      (count) => count > 50,
      PATIENCE_MS,
    );
    const promoted = await promote(...words);
    expect({ code: promoted.code, errors: promoted.errors }).toMatchObject({ code: 0 });
    const before = load.acknowledged.length;
    await eventually(
      'writes',
      () => load.acknowledged.length,
      (count) => count > before + 50,
      PATIENCE_MS,
    );
    await load.stop();
    expect(servers.primary.address).toBe(addressOf(pair.replica.url));
    for (const id of ['before', 'between', ...load.acknowledged]) expect(await records.userById(id)).not.toBeNull();
  });

  test('[SQL8] a server that was made read-only is left: a write is not refused by it, and reads leave it within a second', async () => {
    await using pair = await startPair();
    const url = `${pair.primary.url},${pair.replica.url}`;
    await using writes = closing(openPool(url, { queryMs: 30_000 }));
    await using reads = closing(openPool(url, { queryMs: 30_000 }));
    await writes.run('CREATE TABLE t (x INT)');
    const readFrom = async (): Promise<unknown> =>
      (await reads.rows<{ id: number }>('SELECT @@server_id AS id')).map(({ id }) => id);
    expect(await readFrom()).toEqual([1]);
    await eventually(
      'the replica to have the table',
      () =>
        pair.replica.admin('SELECT x FROM mailroom.t').then(
          () => true,
          () => false,
        ),
      (has) => has,
      PATIENCE_MS,
    );

    await pair.primary.admin('SET GLOBAL read_only = ON');
    await pair.replica.admin('STOP SLAVE');
    await pair.replica.admin('SET GLOBAL read_only = OFF');
    await writes.run('INSERT INTO t VALUES (1)');
    expect(writes.address).toBe(addressOf(pair.replica.url));
    await eventually('reads to follow', readFrom, (ids) => Bun.deepEquals(ids, [2]), PATIENCE_MS);
    expect(reads.address).toBe(addressOf(pair.replica.url));
  });

  test('[SQL20] words that do not fit, and a server that is away, promote nothing', async () => {
    expect((await promote()).code).toBe(2);
    expect((await promote('--replica', 'redis://x')).code).toBe(2);
    expect((await promote('--replica', 'mysql://u:hush@127.0.0.1:1/mailroom')).code).toBe(70);
  });
});

interface World extends AsyncDisposable {
  readonly pair: MysqlPair;
  readonly servers: MysqlServers;
  readonly records: MysqlRecords;
  /** Both servers, the primary first. */
  readonly list: string;
}

async function openWorld(): Promise<World> {
  const pair = await startPair();
  const list = `${pair.primary.url},${pair.replica.url}`;
  const servers = await openMysqlServers({
    url: list,
    replicaUrls: [pair.replica.url],
    schemas: [RECORDS_SCHEMA],
    // A server that shares its disk with others may take long to sync; only one that is gone is to be noticed here.
    pool: { queryMs: 30_000 },
  });
  return {
    pair,
    servers,
    list,
    records: new MysqlRecords(servers),
    async [Symbol.asyncDispose]() {
      await servers.close();
      await pair[Symbol.asyncDispose]();
    },
  };
}

/** Writers that go on until they are stopped, and ask again for what was not answered. */
class Load {
  readonly acknowledged: string[] = [];
  failures = 0;
  #next = 0;
  #stopped = false;
  readonly #writers: Promise<void>[];

  constructor(records: MysqlRecords) {
    this.#writers = Array.from({ length: WRITERS }, () => this.#write(records));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await within('the writers to end', Promise.all(this.#writers), PATIENCE_MS);
  }

  async #write(records: MysqlRecords): Promise<void> {
    while (!this.#stopped) {
      this.#next += 1;
      const id = `load-${this.#next}`;
      await eventually(
        id,
        () => this.#attempt(records, id),
        (done) => done || this.#stopped,
        PATIENCE_MS,
      );
    }
  }

  async #attempt(records: MysqlRecords, id: string): Promise<boolean> {
    try {
      // False where an attempt of unknown outcome had made it after all.
      await records.createUser(user(id));
      this.acknowledged.push(id);
      return true;
    } catch (error) {
      if (!(error instanceof StorageFault) || error.code !== 'unavailable') throw error;
      this.failures += 1;
      return false;
    }
  }
}

function closing(pool: SqlPool): SqlPool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.close() });
}

function user(name: string): { id: string; username: string; passwordHash: string; createdAt: number } {
  return { id: name, username: name, passwordHash: 'x', createdAt: 1 };
}

async function promote(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const script = join(import.meta.dir, '../../scripts/promote-replica.ts');
  const child = Bun.spawn([process.execPath, script, ...words], { stdout: 'pipe', stderr: 'pipe' });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, output, errors };
}

/** What a process that starts now meets. */
async function faultOfPing(url: string): Promise<string | null> {
  const pool = openPool(url);
  try {
    await pool.ping();
    return null;
  } catch (error) {
    if (error instanceof StorageFault) return error.message;
    throw error;
  } finally {
    await pool.close();
  }
}

function addressOf(url: string): string {
  return new URL(url).host;
}
