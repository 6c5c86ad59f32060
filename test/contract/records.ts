/** What every driver of the records does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import type { Records, RoomRecord, TokenRecord, UserRecord } from '../../src/storage/ports/records.ts';
import { faultOf } from './fault-of.ts';
import { recordsModelTest } from './records-model.ts';

/** Records without a row in them. They may be opened again after they were closed. */
export interface RecordsDriver extends AsyncDisposable {
  open(): Records | Promise<Records>;
}

export interface OpenRecords extends AsyncDisposable {
  records: Records;
  reopen(): Promise<void>;
}

const user = (name: string): UserRecord => ({
  id: `id of ${name}`,
  username: name,
  passwordHash: `password of ${name}`,
  createdAt: 1_700_000_000_000,
});
const ann = user('ann');
const bob = user('bob');

const token = (hash: string, overrides: Partial<TokenRecord> = {}): TokenRecord => ({
  userId: ann.id,
  username: ann.username,
  device: `device of ${hash}`,
  tokenHash: hash,
  createdAt: 1_700_000_000_000,
  expiresAt: 1_800_000_000_000,
  ...overrides,
});

const room: RoomRecord = {
  id: 'room',
  kind: 'group',
  title: 'A room',
  log: 'log 1',
  version: 1,
  createdAt: 1_700_000_000_000,
};

export function recordsContract(name: string, makeDriver: () => RecordsDriver | Promise<RecordsDriver>): void {
  const open = async (): Promise<OpenRecords> => {
    const driver = await makeDriver();
    const opened: OpenRecords = {
      records: await driver.open(),
      async reopen() {
        await opened.records.close();
        opened.records = await driver.open();
      },
      async [Symbol.asyncDispose]() {
        await opened.records.close();
        await driver[Symbol.asyncDispose]();
      },
    };
    await opened.records.createUser(ann);
    await opened.records.createUser(bob);
    return opened;
  };

  describe(`records: ${name}`, () => {
    userRules(open);
    tokenRules(open);
    deviceRules(open);
    deathRules(open);
    roomRules(open);
    memberRules(open);
    recordsModelTest(makeDriver);
  });
}

function userRules(open: () => Promise<OpenRecords>): void {
  test('[REC2] what was written is there when the records are opened again', async () => {
    await using opened = await open();
    await opened.records.saveToken(token('t'), 'device', 10);
    await opened.records.createRoom(room, [{ user: ann.id, role: 'owner' }]);
    await opened.reopen();
    expect(await opened.records.userByName('ann')).toEqual(ann);
    expect(await opened.records.tokenByHash(ann.id, 't')).toEqual(token('t'));
    expect(await opened.records.room('room')).toEqual(room);
    expect(await opened.records.membershipsOf(ann.id)).toEqual([{ room: 'room', role: 'owner', read: 0 }]);
  });

  test('[REC3] a username is taken once; names that differ in case or accent only are different', async () => {
    await using opened = await open();
    expect(await opened.records.createUser({ ...user('ann'), id: 'another id' })).toBe(false);
    expect(await opened.records.userById('another id')).toBeNull();
    for (const name of ['Ann', 'ANN', 'änn', 'a\u0308nn', 'ann ']) {
      expect(await opened.records.userByName(name)).toBeNull();
      expect(await opened.records.createUser(user(name))).toBe(true);
      expect(await opened.records.userByName(name)).toEqual(user(name));
    }
    expect(await opened.records.userByName('ann')).toEqual(ann);
  });

  test('[REC3] a user id is taken once', async () => {
    await using opened = await open();
    expect(await faultOf(() => opened.records.createUser({ ...user('carol'), id: ann.id }))).toBe('refused');
    expect(await opened.records.userByName('carol')).toBeNull();
  });

  test('[REC4] users are found by id, one or several, and unknown ones are left out', async () => {
    await using opened = await open();
    expect(await opened.records.userById(bob.id)).toEqual(bob);
    expect(await opened.records.userById('nobody')).toBeNull();
    const found = await opened.records.usersById([bob.id, 'nobody', ann.id, bob.id]);
    expect([...found].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { id: ann.id, username: 'ann' },
      { id: bob.id, username: 'bob' },
    ]);
    expect(await opened.records.usersById([])).toEqual([]);
  });
}

function tokenRules(open: () => Promise<OpenRecords>): void {
  test('[REC5] a token takes the place of the one of the same user and device', async () => {
    await using opened = await open();
    const { records } = opened;
    expect(await records.saveToken(token('old', { device: 'phone' }), 'device', 10)).toEqual([]);
    await records.saveToken(token('bobs', { userId: bob.id, username: 'bob', device: 'phone' }), 'device', 10);
    expect(await records.saveToken(token('new', { device: 'phone' }), 'device', 10)).toEqual(['old']);
    expect(await records.tokenByHash(ann.id, 'old')).toBeNull();
    expect(await records.tokenByHash(bob.id, 'bobs')).not.toBeNull();
  });

  test('[REC5] past the bound the oldest tokens go, never the new one', async () => {
    await using opened = await open();
    const { records } = opened;
    for (const [hash, createdAt] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
    ] as const) {
      await records.saveToken(token(hash, { createdAt }), 'device', 3);
    }
    expect(await records.saveToken(token('d', { createdAt: 5 }), 'device', 3)).toEqual(['a']);
    expect([...(await records.saveToken(token('e', { createdAt: 50 }), 'device', 2))].sort()).toEqual(['b', 'd']);
    expect(await records.tokenByHash(ann.id, 'c')).not.toBeNull();
  });

  test('[REC6] under the single policy the newest token is the only one', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('a'), 'device', 10);
    await records.saveToken(token('b'), 'device', 10);
    expect([...(await records.saveToken(token('c'), 'single', 10))].sort()).toEqual(['a', 'b']);
    expect(await records.tokenByHash(ann.id, 'c')).not.toBeNull();
  });

  test('[REC7] a token is renewed once, keeps its device, and the old hash is dead', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('old', { device: 'phone' }), 'device', 10);
    expect(await records.renewToken(bob.id, 'old', 'new', 1_900_000_000_000)).toBe(false);
    expect(await records.renewToken(ann.id, 'old', 'new', 1_900_000_000_000)).toBe(true);
    expect(await records.renewToken(ann.id, 'old', 'newer', 1_900_000_000_000)).toBe(false);
    expect(await records.tokenByHash(ann.id, 'old')).toBeNull();
    expect(await records.tokenByHash(ann.id, 'new')).toEqual(
      token('new', { device: 'phone', expiresAt: 1_900_000_000_000 }),
    );
  });

  test("[REC8] a token is its user's alone: nobody else reads, renews or deletes it", async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('a'), 'device', 10);
    expect(await records.tokenByHash(bob.id, 'a')).toBeNull();
    expect(await records.deleteToken(bob.id, 'a')).toBe(false);
    expect(await records.deleteToken(ann.id, 'A')).toBe(false);
    expect(await records.deleteToken(ann.id, 'a')).toBe(true);
    expect(await records.deleteToken(ann.id, 'a')).toBe(false);
  });

  test('[REC8] a hash that another token has, and a user who does not exist, are refused and change nothing', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('a'), 'device', 10);
    await records.saveToken(token('b'), 'device', 10);
    const stolen = token('a', { userId: bob.id, username: 'bob' });
    expect(await faultOf(() => records.saveToken(stolen, 'device', 10))).toBe('refused');
    expect(await faultOf(() => records.saveToken(token('b', { device: 'device of a' }), 'device', 10))).toBe('refused');
    expect(await faultOf(() => records.renewToken(ann.id, 'a', 'b', 0))).toBe('refused');
    expect(await faultOf(() => records.saveToken(token('c', { userId: 'nobody' }), 'device', 10))).toBe('refused');
    expect(await records.tokenByHash(ann.id, 'a')).toEqual(token('a'));
    expect(await records.tokenByHash(ann.id, 'b')).toEqual(token('b'));
  });

  test('[REC9] a new password ends every token but the one to keep', async () => {
    await using opened = await open();
    const { records } = opened;
    for (const hash of ['a', 'b', 'c']) await records.saveToken(token(hash), 'device', 10);
    await records.saveToken(token('bobs', { userId: bob.id, username: 'bob' }), 'device', 10);
    expect([...(await records.changePassword(ann.id, 'changed', 'b'))].sort()).toEqual(['a', 'c']);
    expect((await records.userById(ann.id))?.passwordHash).toBe('changed');
    expect(await records.changePassword(ann.id, 'again', null)).toEqual(['b']);
    expect(await records.tokenByHash(bob.id, 'bobs')).not.toBeNull();
    expect(await faultOf(() => records.changePassword('nobody', 'x', null))).toBe('refused');
  });
}

function deviceRules(open: () => Promise<OpenRecords>): void {
  test('[DEV4] a user has a device for each token, and when it was last seen only rises', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('a', { device: 'phone', createdAt: 10, expiresAt: 90 }), 'device', 10);
    await records.saveToken(token('b', { device: 'desk', createdAt: 20, expiresAt: 90 }), 'device', 10);
    await records.touchToken(ann.id, 'a', 50);
    await records.touchToken(ann.id, 'a', 40);
    await records.touchToken(bob.id, 'b', 60);
    await records.touchToken(ann.id, 'gone', 60);
    const desk = { device: 'desk', tokenHash: 'b', createdAt: 20, expiresAt: 90, seenAt: 20 };
    const phone = { device: 'phone', tokenHash: 'a', createdAt: 10, expiresAt: 90, seenAt: 50 };
    expect(await records.devicesOf(ann.id)).toEqual([desk, phone]);
    await records.renewToken(ann.id, 'a', 'c', 99);
    expect(await records.devicesOf(ann.id)).toEqual([desk, { ...phone, tokenHash: 'c', expiresAt: 99 }]);
    expect(await records.devicesOf(bob.id)).toEqual([]);
  });

  test('[DEV4] deleting a device ends its token as a death that is told', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.saveToken(token('a', { device: 'phone' }), 'device', 10);
    await records.saveToken(token('b', { device: 'Phone' }), 'device', 10);
    expect(await records.deleteDevice(bob.id, 'phone')).toEqual([]);
    expect(await records.deleteDevice(ann.id, 'phone')).toEqual(['a']);
    expect(await records.deleteDevice(ann.id, 'phone')).toEqual([]);
    expect(await records.tokenByHash(ann.id, 'a')).toBeNull();
    expect((await records.devicesOf(ann.id)).map(({ device }) => device)).toEqual(['Phone']);
    const { tokens } = await records.deadTokens(0, 10);
    expect(tokens.map(({ user, tokenHash }) => [user, tokenHash])).toEqual([[ann.id, 'a']]);
  });
}

function deathRules(open: () => Promise<OpenRecords>): void {
  const deadOf = async (records: Records, since = 0): Promise<string[]> => {
    const { tokens } = await records.deadTokens(since, 1_000);
    return tokens.map(({ user: id, tokenHash }) => `${tokenHash} ${id === ann.id ? 'of ann' : id}`).sort();
  };

  test('[REC17] every write that ends a hash tells of it, once it is done, and no other does', async () => {
    await using opened = await open();
    const { records } = opened;
    for (const hash of ['a', 'b', 'c', 'd', 'e', 'f']) await records.saveToken(token(hash), 'device', 10);
    expect(await deadOf(records)).toEqual([]);
    await records.deleteToken(ann.id, 'a');
    await records.saveToken(token('b2', { device: 'device of b' }), 'device', 10);
    await records.renewToken(ann.id, 'c', 'c2', 1);
    expect(await deadOf(records)).toEqual(['a of ann', 'b of ann', 'c of ann']);
    for (const hash of ['a', 'c']) {
      expect(await records.deleteToken(ann.id, hash)).toBe(false);
      expect(await records.renewToken(ann.id, hash, 'never', 1)).toBe(false);
    }
    expect(await records.deleteToken(bob.id, 'd')).toBe(false);
    expect(await faultOf(() => records.renewToken(ann.id, 'd', 'e', 1))).toBe('refused');
    const stolen = token('e', { device: 'device of d' });
    expect(await faultOf(() => records.saveToken(stolen, 'device', 10))).toBe('refused');
    await records.saveToken(token('d'), 'device', 10);
    expect(await deadOf(records)).toEqual(['a of ann', 'b of ann', 'c of ann']);
    await records.changePassword(ann.id, 'changed', 'd');
    await records.saveToken(token('g'), 'single', 10);
    const all = ['a', 'b', 'b2', 'c', 'c2', 'd', 'e', 'f'].map((hash) => `${hash} of ann`);
    expect(await deadOf(records)).toEqual(all);
    await opened.reopen();
    expect(await deadOf(opened.records)).toEqual(all);
  });

  test("[REC18] deaths come in the order of their times by the store's clock, from a time on, and page by page", async () => {
    await using opened = await open();
    const { records } = opened;
    const hashes = Array.from({ length: 12 }, (_, index) => `h${index}`);
    const { now: before } = await records.deadTokens(Number.MAX_SAFE_INTEGER, 1);
    for (const hash of hashes) {
      await records.saveToken(token(hash), 'device', 20);
      await records.deleteToken(ann.id, hash);
    }
    const { now, tokens } = await records.deadTokens(before, 1_000);
    expect(tokens.map(({ tokenHash }) => tokenHash)).toEqual(hashes);
    const times = tokens.map(({ diedAt }) => diedAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const time of [before, ...times]) expect(time).toBeWithin(before, now + 1);
    for (const since of [...times, now + 1]) {
      const later = tokens.filter(({ diedAt }) => diedAt >= since);
      expect((await records.deadTokens(since, 1_000)).tokens).toEqual(later);
    }
    const paged: unknown[] = [];
    for (let since = before; ; ) {
      const page = (await records.deadTokens(since, 3)).tokens;
      paged.push(...page);
      const last = page.at(-1);
      if (page.length < 3 || last === undefined) break;
      since = last.diedAt + 1;
    }
    expect(paged).toEqual([...tokens]);
  });

  test('[REC19] deaths before a time are forgotten, and no others', async () => {
    await using opened = await open();
    const { records } = opened;
    for (const hash of ['a', 'b', 'c']) {
      await records.saveToken(token(hash), 'device', 10);
      await records.deleteToken(ann.id, hash);
    }
    const { now, tokens } = await records.deadTokens(0, 1_000);
    const since = tokens[1]?.diedAt ?? 0;
    await records.forgetDeadTokens(since);
    expect((await records.deadTokens(0, 1_000)).tokens).toEqual(tokens.filter(({ diedAt }) => diedAt >= since));
    await records.forgetDeadTokens(now + 1);
    expect(await deadOf(records)).toEqual([]);
    expect(await records.tokenByHash(ann.id, 'a')).toBeNull();
  });
}

function roomRules(open: () => Promise<OpenRecords>): void {
  test('[REC10] a room is created once, with its members', async () => {
    await using opened = await open();
    const { records } = opened;
    expect(await records.room('room')).toBeNull();
    const members = [
      { user: bob.id, role: 'member' },
      { user: ann.id, role: 'owner' },
    ] as const;
    expect(await records.createRoom(room, members)).toBe(true);
    expect(await records.createRoom({ ...room, title: 'Another' }, [])).toBe(false);
    expect(await records.room('room')).toEqual(room);
    expect(await records.members('room')).toEqual([
      { user: ann.id, username: 'ann', role: 'owner', read: 0, joinedVersion: 1, joinedSeq: 0 },
      { user: bob.id, username: 'bob', role: 'member', read: 0, joinedVersion: 1, joinedSeq: 0 },
    ]);
  });

  test('[REC10] a room with a member who does not exist is refused as a whole', async () => {
    await using opened = await open();
    const { records } = opened;
    const members = [ann.id, 'nobody'].map((id) => ({ user: id, role: 'member' as const }));
    expect(await faultOf(() => records.createRoom(room, members))).toBe('refused');
    expect(await records.room('room')).toBeNull();
    expect(await records.membershipsOf(ann.id)).toEqual([]);
  });
}

function memberRules(open: () => Promise<OpenRecords>): void {
  test("[REC11] joining and leaving set the room's version; doing it twice does not", async () => {
    await using opened = await open();
    const { records } = opened;
    await records.createRoom(room, [{ user: bob.id, role: 'owner' }]);
    expect(await records.addMember('room', ann.id, 'member', 5, 2)).toBe(true);
    expect(await records.addMember('room', ann.id, 'admin', 9, 3)).toBe(false);
    expect((await records.room('room'))?.version).toBe(2);
    expect(await records.members('room')).toEqual([
      { user: bob.id, username: 'bob', role: 'owner', read: 0, joinedVersion: 1, joinedSeq: 0 },
      { user: ann.id, username: 'ann', role: 'member', read: 5, joinedVersion: 2, joinedSeq: 5 },
    ]);
    expect(await records.removeMember('room', bob.id, 3)).toBe(true);
    expect(await records.removeMember('room', bob.id, 4)).toBe(false);
    expect((await records.room('room'))?.version).toBe(3);
  });

  test('[REC11] a user or a room that does not exist has no membership', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.createRoom(room, []);
    expect(await faultOf(() => records.addMember('room', 'nobody', 'member', 0, 2))).toBe('refused');
    expect(await faultOf(() => records.addMember('nowhere', ann.id, 'member', 0, 2))).toBe('refused');
    expect((await records.room('room'))?.version).toBe(1);
    expect(await records.members('nowhere')).toEqual([]);
  });

  test('[REC12] read positions rise and never fall', async () => {
    await using opened = await open();
    const { records } = opened;
    await records.createRoom(
      room,
      [ann, bob].map(({ id }) => ({ user: id, role: 'member' as const })),
    );
    await records.saveReads([
      { room: 'room', user: ann.id, seq: 7 },
      { room: 'room', user: bob.id, seq: 3 },
      { room: 'room', user: ann.id, seq: 6 },
      { room: 'room', user: 'nobody', seq: 9 },
    ]);
    await records.saveReads([{ room: 'room', user: bob.id, seq: 2 }]);
    expect((await records.members('room')).map((member) => member.read)).toEqual([7, 3]);
  });

  test("[REC13] a user's rooms come in the byte order of their ids", async () => {
    await using opened = await open();
    const { records } = opened;
    for (const id of ['b', 'a', 'B', '_', 'é']) {
      await records.createRoom({ ...room, id }, [{ user: ann.id, role: 'member' }]);
    }
    expect((await records.membershipsOf(ann.id)).map((membership) => membership.room)).toEqual([
      'B',
      '_',
      'a',
      'b',
      'é',
    ]);
    expect(await records.membershipsOf(bob.id)).toEqual([]);
  });
}
