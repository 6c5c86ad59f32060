/** Random sequences of writes and reads, compared with the reference model after each. */
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { MemoryRecords } from './memory-records.ts';
import type { RecordsDriver } from './records.ts';

/** One call with its arguments, applied to the driver and to the model alike. */
type Call = readonly [name: string, apply: (records: Records) => unknown];

const named = (name: string, apply: (records: Records) => unknown): Call => [name, apply];

const userId = fc.constantFrom('u1', 'U1', 'u2', 'u3');
const username = fc.constantFrom('ann', 'Ann', 'bob');
const hash = fc.constantFrom('h1', 'H1', 'h2', 'h3', 'h4');
const device = fc.constantFrom('phone', 'Phone', 'web');
const roomId = fc.constantFrom('r1', 'R1', 'r2');
const role = fc.constantFrom('owner', 'admin', 'member');
const small = fc.integer({ min: 1, max: 9 });

const call: fc.Arbitrary<Call> = fc.oneof(
  fc
    .record({ id: userId, username, passwordHash: hash, createdAt: small })
    .map((user) => named('createUser', (records) => records.createUser(user))),
  fc
    .tuple(userId, hash, fc.option(hash))
    .map((args) => named('changePassword', (records) => records.changePassword(...args))),
  fc
    .record({ userId, username: fc.constant('ann'), device, tokenHash: hash, createdAt: small, expiresAt: small })
    .chain((token) => fc.tuple(fc.constant(token), fc.constantFrom('device', 'device', 'single'), small))
    .map(([token, policy, max]) => named('saveToken', (records) => saveOwnToken(records, token, policy, max))),
  fc.tuple(userId, hash, hash, small).map((args) => named('renewToken', (records) => records.renewToken(...args))),
  fc.tuple(userId, hash).map((args) => named('deleteToken', (records) => records.deleteToken(...args))),
  fc.tuple(userId, device).map((args) => named('deleteDevice', (records) => records.deleteDevice(...args))),
  fc.tuple(userId, hash, small).map((args) => named('touchToken', (records) => records.touchToken(...args))),
  fc
    .record({
      id: roomId,
      kind: fc.constantFrom('group', 'channel', 'direct'),
      title: username,
      log: hash,
      version: small,
      createdAt: small,
    })
    .chain((room) => fc.tuple(fc.constant(room), fc.array(fc.record({ user: userId, role }), { maxLength: 3 })))
    .map((args) => named('createRoom', (records) => records.createRoom(...args))),
  fc
    .tuple(roomId, userId, role, small, small)
    .map((args) => named('addMember', (records) => records.addMember(...args))),
  fc.tuple(roomId, userId, small).map((args) => named('removeMember', (records) => records.removeMember(...args))),
  fc
    .array(fc.record({ room: roomId, user: userId, seq: small }), { maxLength: 4 })
    .map((reads) => named('saveReads', (records) => records.saveReads(reads))),
);

export function recordsModelTest(makeDriver: () => RecordsDriver | Promise<RecordsDriver>): void {
  test('[REC1] any sequence of writes and reads agrees with the reference model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
        await using driver = await makeDriver();
        const records = await driver.open();
        const model = new MemoryRecords();
        for (const [name, apply] of calls) {
          expect([name, await outcome(() => apply(records))]).toEqual([name, await outcome(() => apply(model))]);
          expect(await everything(records)).toEqual(await everything(model));
        }
        await records.close();
      }),
      { numRuns: 30 },
    );
  });
}

/** A token carries the name of its user, as the driver's callers see to. */
async function saveOwnToken(records: Records, ...[token, policy, max]: Parameters<Records['saveToken']>) {
  const owner = await records.userById(token.userId);
  return records.saveToken({ ...token, username: owner?.username ?? token.username }, policy, max);
}

/** What a call returned, lists without their order, or the code of its fault. */
async function outcome(work: () => unknown): Promise<unknown> {
  try {
    const value = await work();
    return Array.isArray(value) ? [...value].sort() : value;
  } catch (error) {
    if (error instanceof StorageFault) return { fault: error.code };
    throw error;
  }
}

async function everything(records: Records): Promise<unknown> {
  const state: unknown[] = [];
  for (const id of ['u1', 'U1', 'u2', 'u3']) {
    state.push(await records.userById(id), await records.membershipsOf(id), await records.devicesOf(id));
    for (const tokenHash of ['h1', 'H1', 'h2', 'h3', 'h4']) state.push(await records.tokenByHash(id, tokenHash));
  }
  const { tokens } = await records.deadTokens(0, 1_000);
  state.push([...new Set(tokens.map(({ user, tokenHash }) => `${user} ${tokenHash}`))].sort());
  for (const name of ['ann', 'Ann', 'bob']) state.push(await records.userByName(name));
  for (const id of ['r1', 'R1', 'r2']) state.push(await records.room(id), await records.members(id));
  return state;
}
