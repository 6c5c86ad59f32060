/** What every driver of governance does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import type { Governance, RoomFields } from '../../src/storage/ports/governance.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { MemoryGovernance } from './memory-governance.ts';
import { MemoryRecords } from './memory-records.ts';

/** Governance and the records beside it, without a row in them. */
export interface GovernanceDriver extends AsyncDisposable {
  open(): Opened | Promise<Opened>;
}

interface Opened {
  readonly records: Records;
  readonly governance: Governance;
}

type Call = readonly [name: string, apply: (opened: Opened) => unknown];

const USERS = ['u1', 'U1', 'u2', 'u3'];
const ROOMS = ['r1', 'R1'];
const HASHES = ['h1', 'H1', 'h2'];
const FIELDS: RoomFields = {
  title: 'Title',
  topic: 'What this is about: ünïcode 🫖',
  avatar: 'file-1',
  announcement: true,
  slowMode: 30,
  joinPolicy: 'approval',
  past: 'joined',
};

const user = fc.constantFrom(...USERS);
const room = fc.constantFrom(...ROOMS, 'nowhere');
const hash = fc.constantFrom(...HASHES);
const linkId = fc.constantFrom('l1', 'l2', 'L2');
const small = fc.integer({ min: 1, max: 9 });
const maybe = fc.integer({ min: 0, max: 9 });
const fields: fc.Arbitrary<RoomFields> = fc.record({
  title: fc.constantFrom('', 'Ünï', 'b '),
  topic: fc.constantFrom('', 'tea 🫖'),
  avatar: fc.constantFrom('', 'f1'),
  announcement: fc.boolean(),
  slowMode: maybe,
  joinPolicy: fc.constantFrom('open', 'approval', 'invite'),
  past: fc.constantFrom('all', 'joined'),
});
const change = fc.record({ user, role: fc.constantFrom('owner', 'admin', 'member', 'none') });
const ban = fc.record({ user, by: user, at: small, until: maybe, reason: fc.constantFrom('', 'ünfair') });
const link = fc.record({ id: linkId, by: user, at: small, expiresAt: maybe, maxUses: maybe, uses: fc.constant(0) });

function calls<A extends readonly unknown[]>(name: keyof Governance, args: fc.Arbitrary<A>): fc.Arbitrary<Call> {
  return args.map(
    (values): Call => [
      name,
      ({ governance }) => (governance[name] as (...args: readonly unknown[]) => unknown).apply(governance, [...values]),
    ],
  );
}

const call: fc.Arbitrary<Call> = fc.oneof(
  calls('updateRoom', fc.tuple(room, fields, small)),
  calls('changeMembers', fc.tuple(room, fc.array(change, { minLength: 1, maxLength: 3 }), small)),
  calls('mute', fc.tuple(room, user, maybe, small)),
  calls('ban', fc.tuple(room, ban, small)),
  calls('unban', fc.tuple(room, user)),
  calls('request', fc.tuple(room, user, small, fc.constantFrom(1, 2, 9))),
  calls('dropRequest', fc.tuple(room, user)),
  calls('saveLink', fc.tuple(room, link, hash, fc.constantFrom(1, 9))),
  calls('dropLink', fc.tuple(room, linkId)),
  calls('joinByLink', fc.tuple(room, hash, small, user, small, small)),
  calls('deleteRoom', fc.tuple(room, small, small)),
  calls('purgeMembers', fc.tuple(room, fc.constantFrom(1, 9))),
  calls('raiseFloor', fc.tuple(room, small)),
  fc
    .tuple(room, user)
    .map(([id, who]): Call => ['addMember', ({ records }) => records.addMember(id, who, 'member', 3, 4)]),
);

export function governanceContract(name: string, makeDriver: () => GovernanceDriver | Promise<GovernanceDriver>): void {
  describe(`governance: ${name}`, () => {
    test('[GRP1] any sequence of writes and reads agrees with the reference model', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (sequence) => {
          await using driver = await makeDriver();
          const opened = await driver.open();
          const records = new MemoryRecords();
          const model = { records, governance: new MemoryGovernance(records) };
          await populate(opened.records);
          await populate(records);
          for (const [what, apply] of sequence) {
            expect([what, await outcome(() => apply(opened))]).toEqual([what, await outcome(() => apply(model))]);
            expect(await everything(opened)).toEqual(await everything(model));
          }
        }),
        { numRuns: 30 },
      );
    });

    test('[GRP2] what was written is there when it is opened again', async () => {
      await using driver = await makeDriver();
      const first = await driver.open();
      await populate(first.records);
      await first.governance.updateRoom('r1', FIELDS, 2);
      await first.governance.mute('r1', 'u2', 1_900_000_000_000, 3);
      await first.governance.raiseFloor('r1', 7);
      await first.records.close();
      const { governance, records } = await driver.open();
      expect(await governance.governance('r1')).toEqual({
        fields: FIELDS,
        floor: 7,
        deletedAt: 0,
        createdAt: 1,
        mutes: [{ user: 'u2', until: 1_900_000_000_000 }],
      });
      expect((await records.room('r1'))?.version).toBe(3);
      await records.close();
    });

    test('[GRP2] many use one link at once: as many come in as it has uses', async () => {
      await using driver = await makeDriver();
      const { records, governance } = await driver.open();
      await populate(records);
      const made = { id: 'l1', by: 'u1', at: 1, expiresAt: 0, maxUses: 2, uses: 0 };
      await governance.saveLink('R1', made, 'h1', 5);
      const joins = USERS.slice(1).map(async (who, index) => governance.joinByLink('R1', 'h1', 1, who, 0, 2 + index));
      expect((await Promise.all(joins)).sort()).toEqual(['gone', 'joined', 'joined']);
      expect(await governance.links('R1')).toEqual([{ ...made, uses: 2 }]);
      await records.close();
    });
  });
}

async function populate(records: Records): Promise<void> {
  for (const id of USERS) await records.createUser({ id, username: `name of ${id}`, passwordHash: 'x', createdAt: 1 });
  for (const id of ROOMS) {
    const members = id === 'r1' ? USERS.slice(0, 3) : ['u1'];
    await records.createRoom(
      { id, kind: 'group', title: id, log: 'log', version: 1, createdAt: 1 },
      members.map((who, index) => ({ user: who, role: index === 0 ? 'owner' : 'member' })),
    );
  }
}

/** What a call returned, or the code of its fault. */
async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageFault) return { fault: error.code };
    throw error;
  }
}

async function everything({ records, governance }: Opened): Promise<unknown> {
  const state: unknown[] = [await governance.roomCounts(USERS)];
  for (const id of [...ROOMS, 'nowhere']) {
    state.push(await governance.governance(id), await records.room(id), await records.members(id));
    state.push(await governance.bans(id, '', 9), await governance.bans(id, 'U1', 1));
    state.push(
      await governance.requests(id, '', 9),
      await governance.requests(id, 'u1', 1),
      await governance.links(id),
    );
    for (const who of USERS) state.push(await governance.candidate(id, who, 5));
  }
  for (const each of HASHES) state.push(await governance.roomOfLink(each, 5));
  return state;
}
