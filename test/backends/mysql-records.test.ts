/** What is particular to the records on MySQL: keys, who writes at the same time, and writes of unknown outcome. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type MysqlServers, openMysqlServers } from '../../src/storage/mysql/mysql-servers.ts';
import { MysqlRecords } from '../../src/storage/mysql/records/mysql-records.ts';
import { RECORDS_SCHEMA } from '../../src/storage/mysql/schema/records.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { faultOf } from '../contract/fault-of.ts';
import { describeWith } from '../support/back-ends.ts';
import { makeDatabase, type TestDatabase } from './mysql-database.ts';

setDefaultTimeout(120_000);

const USERS = 2_000;
const id = (index: number): string => `user ${index}`;

describeWith(['mysql'], 'mysql: records', (variables) => {
  let database: TestDatabase;
  let servers: MysqlServers;
  let records: Records;

  beforeAll(async () => {
    database = await makeDatabase(variables.MAILROOM_MYSQL_URL as string);
    servers = await openMysqlServers({
      url: database.url,
      replicaUrls: [],
      schemas: [RECORDS_SCHEMA],
      pool: { queryMs: 30_000 },
    });
    records = new MysqlRecords(servers);
    const indexes = Array.from({ length: USERS }, (_, index) => index);
    const fill = async (sql: string, row: (index: number) => readonly (string | number)[]): Promise<void> => {
      const rows = indexes.map(row);
      const places = rows.map((values) => `(${values.map(() => '?').join(', ')})`).join(', ');
      await servers.primary.run(`${sql} VALUES ${places}`, rows.flat(), { prepared: false });
    };
    await fill('INSERT INTO users (id, username, password_hash, created_at)', (index) => [
      id(index),
      id(index),
      'x',
      1,
    ]);
    await fill('INSERT INTO user_token (user_id, username, device, token_hash, created_at, expires_at)', (index) => [
      id(index),
      id(index),
      'device',
      `hash ${index}`,
      1,
      2,
    ]);
    await fill('INSERT INTO rooms (id, kind, title, log, version, created_at)', (index) => [
      `room ${index}`,
      'group',
      'Room',
      'log',
      1,
      1,
    ]);
    await fill('INSERT INTO room_member (room, user, role, read_seq, joined_version)', (index) => [
      `room ${index}`,
      id(index),
      'member',
      0,
      1,
    ]);
    await fill('INSERT INTO token_revocation (user_id, token_hash, died_at)', (index) => [
      id(index),
      `dead ${index}`,
      index,
    ]);
    const tables = 'users, user_token, token_revocation, rooms, room_member';
    await servers.primary.rows(`ANALYZE TABLE ${tables}`, [], { prepared: false });
  });

  afterAll(async () => {
    await servers.close();
    await database[Symbol.asyncDispose]();
  });

  test('[SQL22] every read and every write of the records finds its rows by key', async () => {
    const alone = await openMysqlServers({
      url: database.url,
      replicaUrls: [],
      schemas: [],
      pool: { maxConnections: 1, queryMs: 30_000 },
    });
    const one = new MysqlRecords(alone);
    const looked = async (): Promise<number> => {
      type Row = { Variable_name: string; Value: string };
      const rows = await alone.primary.rows<Row>("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'", [], {
        prepared: false,
      });
      return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const token = { userId: id(7), username: id(7), createdAt: 5, expiresAt: 9 };
    const reads = [1, 2, 3].map((index) => ({ room: `room ${index}`, user: id(index), seq: 4 }));
    const calls: Readonly<Record<string, () => unknown>> = {
      userByName: () => one.userByName(id(5)),
      userById: () => one.userById(id(5)),
      usersById: () => one.usersById([id(5), id(6), 'nobody']),
      tokenByHash: () => one.tokenByHash(id(5), 'hash 5'),
      renewToken: () => one.renewToken(id(5), 'hash 5', 'hash 5b', 3),
      saveToken: () => one.saveToken({ ...token, device: 'other', tokenHash: 'fresh' }, 'device', 5),
      changePassword: () => one.changePassword(id(7), 'y', null),
      deleteToken: () => one.deleteToken(id(9), 'hash 9'),
      deadTokens: () => one.deadTokens(USERS - 20, 10),
      forgetDeadTokens: () => one.forgetDeadTokens(10),
      room: () => one.room('room 5'),
      members: () => one.members('room 5'),
      membershipsOf: () => one.membershipsOf(id(5)),
      addMember: () => one.addMember('room 5', id(6), 'member', 0, 2),
      removeMember: () => one.removeMember('room 5', id(6), 3),
      saveReads: () => one.saveReads(reads),
    };
    for (const [name, call] of Object.entries(calls)) {
      await call();
      const before = await looked();
      await call();
      const rows = (await looked()) - before;
      // Asking for the counters counts a few dozen itself; going through a table would count two thousand.
      expect({ name, rows, byKey: rows < USERS / 10 }).toEqual({ name, rows, byKey: true });
    }
    await alone.close();
  });

  test('[SQL23] many logins of one user at once keep to the bound, and none of them fails', async () => {
    const saves = Array.from({ length: 24 }, (_, index) =>
      records.saveToken(
        {
          userId: id(100),
          username: id(100),
          device: `device ${index}`,
          tokenHash: `login ${index}`,
          createdAt: index,
          expiresAt: 9,
        },
        'device',
        5,
      ),
    );
    const gone = (await Promise.all(saves)).flat();
    const held = await Promise.all(saves.map((_, index) => records.tokenByHash(id(100), `login ${index}`)));
    expect(held.filter((token) => token !== null)).toHaveLength(5);
    expect(new Set(gone).size).toBe(gone.length);
    expect(gone).toHaveLength(24 + 1 - 5);
  });

  test('[SQL23] many who join and leave one room at once neither fail nor wait for each other in vain', async () => {
    const users = Array.from({ length: 24 }, (_, index) => id(200 + index));
    const joins = users.map((user, index) => records.addMember('room 300', user, 'member', 0, index + 2));
    expect(await Promise.all(joins)).toEqual(users.map(() => true));
    const crossed = users.map((user, index) =>
      index % 2 === 0
        ? records.removeMember('room 300', user, 100 + index)
        : records.saveReads([...users].reverse().map((member) => ({ room: 'room 300', user: member, seq: index }))),
    );
    await Promise.all(crossed);
    expect(await records.members('room 300')).toHaveLength(1 + 12);
  });

  test('[SQL23] rooms with the same members in another order are created at once', async () => {
    const members = Array.from({ length: 20 }, (_, index) => ({ user: id(400 + index), role: 'member' as const }));
    const rooms = Array.from({ length: 16 }, (_, index) => {
      const room = { id: `many ${index}`, kind: 'group', title: '', log: 'l', version: 1, createdAt: 1 } as const;
      return records.createRoom(room, index % 2 === 0 ? members : [...members].reverse());
    });
    expect(await Promise.all(rooms)).toEqual(rooms.map(() => true));
  });

  test('[SQL24] passwords, tokens and the deaths of tokens are read from the primary alone', async () => {
    const elsewhere = (): Promise<never> => Promise.reject(new Error('a replica was asked'));
    const { replicas } = servers;
    const alone = Object.assign(Object.create(replicas) as typeof replicas, { read: elsewhere });
    const primary = new MysqlRecords({ ...servers, replicas: alone });
    expect((await primary.userById(id(600)))?.passwordHash).toBe('x');
    expect((await primary.userByName(id(600)))?.passwordHash).toBe('x');
    expect((await primary.tokenByHash(id(600), 'hash 600'))?.device).toBe('device');
    expect(await primary.deleteToken(id(600), 'hash 600')).toBe(true);
    const { tokens } = await primary.deadTokens(USERS, 1_000);
    expect(tokens.map(({ tokenHash }) => tokenHash)).toContain('hash 600');
    await expect(primary.membershipsOf(id(600))).rejects.toThrow('a replica was asked');
  });

  test('[SQL15] after a write whose answer was lost, who may know of it reads from the primary', async () => {
    const { positions, primary } = servers;
    expect(positions.of([`user:${id(500)}`])).not.toBeNull();
    const cut = new MysqlRecords({
      ...servers,
      primary: Object.assign(Object.create(primary) as typeof primary, {
        transaction: () => primary.rows('SELECT SLEEP(5)', [], { deadlineMs: 50 }),
      }),
    });
    const user = { id: id(500), username: 'someone', passwordHash: 'x', createdAt: 1 };
    expect(await faultOf(() => cut.createUser(user))).toBe('unavailable');
    expect(positions.of([`user:${id(500)}`])).toBeNull();
    expect(positions.of([`user:${id(501)}`])).not.toBeNull();
  });
});
