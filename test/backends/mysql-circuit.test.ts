/** The circuit stands about the primary alone: while it is away, replicas are read from as before. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { realHost } from '../../src/app/host.ts';
import { laneCodec } from '../../src/app/lane-codec.ts';
import { Circuits } from '../../src/app/storage/circuits.ts';
import { openGuardedServers } from '../../src/app/storage/guarded-servers.ts';
import { createLogger } from '../../src/log/logger.ts';
import { evenPlacement } from '../../src/runtime/placement.ts';
import { Shard } from '../../src/runtime/shard.ts';
import { messageStoreReaderOn } from '../../src/storage/mysql/messages/reader.ts';
import { openMessageStoreWriter } from '../../src/storage/mysql/messages/writer.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { READING_SCHEMA } from '../../src/storage/mysql/schema/reading.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import { faultOf } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually } from '../support/wait.ts';
import { batchOf, posts, textsTo } from './mysql-messages-samples.ts';
import { startPair } from './mysql-pair.ts';

setDefaultTimeout(180_000);

const silent = createLogger({ level: 'error', format: 'json', sink: () => undefined, now: realHost.wallMs });

describeWith(['mysql'], 'mysql: the circuit', () => {
  test('[SQL25] with the primary killed and its circuit open, history, rooms and names come from the replica', async () => {
    await using pair = await startPair();
    const shard = new Shard({ thread: 0, host: realHost, log: silent, placement: evenPlacement(1), codec: laneCodec });
    const circuits = new Circuits({ shard, log: silent });
    const writer = await openMessageStoreWriter(pair.primary.url);
    const servers = await openGuardedServers(circuits, silent, {
      name: 'mysql',
      doing: 'open the records',
      url: pair.primary.url,
      replicaUrls: [pair.replica.url],
      schemas: [READING_SCHEMA, RECORDS_SCHEMA],
      // A busy machine may be slow; only a server that is gone is to be noticed here.
      replicas: { maxLagMs: 60_000, waitMs: 5_000, pool: { queryMs: 10_000, connectMs: 10_000, waitMs: 10_000 } },
    });
    try {
      const records = new MysqlRecords(servers);
      const reader = messageStoreReaderOn(servers);
      await records.createUser({ id: 'ann', username: 'ann', passwordHash: 'x', createdAt: 1 });
      const room = { id: 'room', kind: 'group', title: 'Room', log: 'log', version: 1, createdAt: 1 } as const;
      await records.createRoom(room, [{ user: 'ann', role: 'owner' }]);
      await writer.insert(batchOf(posts(20), 1));
      await writer.close();
      const page = async (): Promise<readonly string[]> => {
        const { frames } = await reader.history({ room: 'room', after: 0, limit: 10, maxBytes: 1e6 });
        return frames.map((frame) => new TextDecoder().decode(frame));
      };
      const read = async (): Promise<unknown> => ({
        room: (await records.room('room'))?.title,
        members: (await records.members('room')).map(({ user }) => user),
        rooms: (await records.membershipsOf('ann')).length,
        names: (await records.usersById(['ann'])).map(({ username }) => username),
        page: await page(),
      });
      const all = { room: 'Room', members: ['ann'], rooms: 1, names: ['ann'], page: textsTo(10) };
      const byReplica = (): number => servers.replicas.stats.byReplica;
      await eventually(
        'the replica to serve',
        async () => [await read(), byReplica()],
        () => byReplica() >= 10,
      );

      await pair.primary.kill();
      await eventually(
        'the circuit to open',
        () => circuits.reports()[0]?.state,
        (state) => state === 'open',
      );
      const before = byReplica();
      expect(await read()).toEqual(all);
      expect(byReplica() - before).toBe(5);

      const refusedBefore = circuits.reports()[0]?.refused ?? 0;
      const write = records.createUser({ id: 'bob', username: 'bob', passwordHash: 'x', createdAt: 1 });
      expect(await faultOf(() => write)).toBe('unavailable');
      expect(await faultOf(() => records.userByName('ann'))).toBe('unavailable');
      expect((circuits.reports()[0]?.refused ?? 0) - refusedBefore).toBeGreaterThanOrEqual(1);

      await pair.primary.start();
      await eventually(
        'the circuit to close',
        () => circuits.reports()[0]?.state,
        (state) => state !== 'open',
      );
      expect((await records.userByName('ann'))?.id).toBe('ann');
    } finally {
      await servers.close();
      shard.shutdown();
    }
  });
});
