/** Reading from a replica that dies, freezes, stops and lags: nobody ever misses a write that they know of. */
import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { faultOf } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, within } from '../support/wait.ts';
import { type MysqlPair, startPair } from './mysql-pair.ts';

setDefaultTimeout(120_000);

const PATIENCE_MS = 30_000;

describeWith(['mysql'], 'mysql: replicas', () => {
  let pair: MysqlPair;
  let servers: MysqlServers;
  let records: MysqlRecords;
  let seq = 0;

  beforeAll(async () => {
    pair = await startPair();
    servers = await openMysqlServers({
      url: pair.primary.url,
      replicaUrls: [pair.replica.url],
      schemas: [RECORDS_SCHEMA],
      // Servers that share their cores and disk with others may be slow; only those that are broken are to be noticed here.
      pool: { queryMs: 30_000 },
      replicas: { maxLagMs: 5_000, waitMs: 200, pool: { queryMs: 2_000, connectMs: 2_000, waitMs: 2_000 } },
    });
    records = new MysqlRecords(servers);
    await records.createUser({ id: 'ann', username: 'ann', passwordHash: 'x', createdAt: 1 });
    const room = { id: 'room', kind: 'group', title: 'Room', log: 'log', version: 1, createdAt: 1 } as const;
    await records.createRoom(room, [{ user: 'ann', role: 'owner' }]);
  });

  afterAll(async () => {
    await servers.close();
    await pair[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await inRotation(true);
  });

  const inRotation = (wanted: boolean): Promise<unknown> =>
    eventually(
      `the replica to be ${wanted ? 'in' : 'out of'} the rotation`,
      () => servers.replicas.stats.replicas,
      (replicas) => replicas.every(({ fit }) => fit === wanted),
      PATIENCE_MS,
    );

  /** Writes and reads what was written, by user and by room; how many of the reads were stale. */
  async function staleReads(rounds: number): Promise<number> {
    let stale = 0;
    for (let round = 0; round < rounds; round += 1) {
      seq += 1;
      await within('a write', records.saveReads([{ room: 'room', user: 'ann', seq }]), PATIENCE_MS);
      const [memberships, members] = await within(
        'reads after a write',
        Promise.all([records.membershipsOf('ann'), records.members('room')]),
        PATIENCE_MS,
      );
      if (memberships[0]?.read !== seq) stale += 1;
      if (members[0]?.read !== seq) stale += 1;
    }
    return stale;
  }

  test('[SQL16] reads go to the replica and show every write that came before them', async () => {
    const before = servers.replicas.stats.byReplica;
    expect(await staleReads(200)).toBe(0);
    expect(servers.replicas.stats.byReplica - before).toBeGreaterThan(300);
  });

  test('[SQL16] without the wait for the write there would be stale reads', async () => {
    await pair.replica.admin('STOP SLAVE SQL_THREAD');
    seq += 1;
    await records.saveReads([{ room: 'room', user: 'ann', seq }]);
    const replica = servers.replicas.pick();
    expect(replica).toBeDefined();
    const rows = await replica?.pool.rows<{ read: number }>('SELECT read_seq AS `read` FROM room_member');
    expect(rows?.[0]?.read).toBe(seq - 1);
    expect(await records.membershipsOf('ann')).toEqual([{ room: 'room', role: 'owner', read: seq }]);
    await pair.replica.admin('START SLAVE SQL_THREAD');
  });

  test('[SQL17] a replica that was killed leaves the rotation, reads stay right, and it comes back by itself', async () => {
    expect(await staleReads(5)).toBe(0);
    await pair.replica.kill();
    expect(await staleReads(20)).toBe(0);
    await inRotation(false);
    await pair.replica.start();
    await inRotation(true);
    expect(await staleReads(20)).toBe(0);
  });

  test('[SQL17] a frozen replica leaves the rotation, reads stay right, and it comes back by itself', async () => {
    expect(await staleReads(5)).toBe(0);
    pair.replica.freeze();
    expect(await staleReads(20)).toBe(0);
    await inRotation(false);
    pair.replica.thaw();
    await inRotation(true);
    expect(await staleReads(20)).toBe(0);
  });

  test('[SQL17] a replica that lags leaves the rotation, reads stay right, and it comes back once it has caught up', async () => {
    await pair.replica.admin('STOP SLAVE SQL_THREAD');
    expect(await staleReads(5)).toBe(0);
    await inRotation(false);
    expect(servers.replicas.stats.byPrimary.behind).toBeGreaterThan(0);
    expect(await staleReads(20)).toBe(0);
    await pair.replica.admin('START SLAVE SQL_THREAD');
    await inRotation(true);
    expect(await staleReads(20)).toBe(0);
  });

  test('[SQL18] without the primary, what was written before is read from the replica', async () => {
    expect(await staleReads(1)).toBe(0);
    await eventually(
      'the replica to have the last write',
      () => servers.replicas.stats.replicas[0]?.lagMs,
      (lagMs) => lagMs === 0,
      PATIENCE_MS,
    );
    pair.primary.freeze();
    const before = servers.replicas.stats.byReplica;
    for (let round = 0; round < 20; round += 1) {
      const [membership] = await within('a read', records.membershipsOf('ann'), PATIENCE_MS);
      expect(membership?.read).toBe(seq);
    }
    expect(servers.replicas.stats.byReplica - before).toBe(20);
    pair.primary.thaw();
  });

  test('[SQL18] writes that fail as the primary is dead do not keep anybody from reading', async () => {
    expect(await staleReads(1)).toBe(0);
    await pair.primary.kill();
    await eventually(
      'the connections to the primary to be gone',
      () => servers.primary.stats.open,
      (open) => open === 0,
      PATIENCE_MS,
    );
    expect(await faultOf(() => records.saveReads([{ room: 'room', user: 'ann', seq: seq + 1 }]))).toBe('unavailable');
    expect((await records.membershipsOf('ann'))[0]?.read).toBe(seq);
    expect((await records.members('room'))[0]?.read).toBe(seq);
    expect(await faultOf(() => records.tokenByHash('ann', 'hash'))).toBe('unavailable');
    await pair.primary.start();
    await eventually(
      'the primary to be back',
      () =>
        servers.primary.ping().then(
          () => true,
          () => false,
        ),
      (answers) => answers,
      PATIENCE_MS,
    );
    expect(await staleReads(5)).toBe(0);
  });
});
