/** Members of large rooms: copies that are checked against the room's version. */
import { expect, test } from 'bun:test';
import { CachedRecords } from '../../src/storage/cache/cached-records.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { MemoryRecords } from '../contract/memory-records.ts';
import { stillHost } from './cache-support.ts';
import { countingRecords } from './counting-records.ts';

const MEMBERS = 100;
const isAny = (): boolean => true;
const userName = (index: number): string => `user-${String(index).padStart(3, '0')}`;

/** A room of 100 members, and a node behind a cache. `elsewhere` writes past it, as another node does. */
async function world() {
  const elsewhere = new MemoryRecords();
  const { records, calls } = countingRecords(elsewhere);
  const users = Array.from({ length: MEMBERS + 1 }, (_, index) => userName(index));
  for (const id of users) elsewhere.createUser({ id, username: id, passwordHash: '', createdAt: 1 });
  const row = { id: 'room', kind: 'group', title: '', log: 'log', version: 1, createdAt: 1 } as const;
  elsewhere.createRoom(
    row,
    users.slice(0, MEMBERS).map((user) => ({ user, role: 'member' as const })),
  );
  const cache = new MemoryCache({ host: stillHost, maxBytes: 4_000_000 });
  const forms = { isUserId: isAny, isUsername: isAny, isRoomId: isAny };
  const node = (): Records => new CachedRecords(records, { host: stillHost, cache, ...forms });
  return { node, elsewhere, calls };
}

/** The copy is made behind the answer. */
async function readAndKeep(records: Records): Promise<void> {
  await records.members('room');
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

test('[CACHE24] the members of a large room are served without asking for them, while the row has their version', async () => {
  const { node, elsewhere, calls } = await world();
  await readAndKeep(node());
  const before = calls.members ?? 0;
  expect(await node().members('room')).toEqual(elsewhere.members('room'));
  expect(calls.members).toBe(before);
});

test('[CACHE24] a copy of another version is not served, whoever wrote and whether the cache was told or not', async () => {
  const { node, elsewhere } = await world();
  await readAndKeep(node());
  elsewhere.removeMember('room', userName(3), 2);
  expect(await node().members('room')).toEqual(elsewhere.members('room'));
  await readAndKeep(node());
  await node().addMember('room', userName(MEMBERS), 'member', 0, 3);
  expect(await node().members('room')).toEqual(elsewhere.members('room'));
});

test('[CACHE24] a read position ends the copy, and so does the next one after the copy was made again', async () => {
  const { node, elsewhere } = await world();
  const owner = node();
  for (const seq of [5, 7, 9]) {
    await readAndKeep(owner);
    await owner.saveReads([{ room: 'room', user: userName(1), seq }]);
    expect((await node().members('room')).find(({ user }) => user === userName(1))?.read).toBe(seq);
    expect(await node().members('room')).toEqual(elsewhere.members('room'));
  }
});

test('[CACHE24] members of a small room are not copied', async () => {
  const { node, elsewhere, calls } = await world();
  const row = { id: 'small', kind: 'group', title: '', log: 'log', version: 1, createdAt: 1 } as const;
  elsewhere.createRoom(row, [{ user: userName(0), role: 'owner' }]);
  for (let time = 1; time <= 3; time += 1) {
    expect(await node().members('small')).toHaveLength(1);
    expect(calls.members).toBe(time);
  }
  expect(calls.room ?? 0).toBe(0);
});
