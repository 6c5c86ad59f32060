/** What every driver of people does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { StorageFault } from '../../src/storage/ports/faults.ts';
import { type People, type SearchPlace, searchKeyOf } from '../../src/storage/ports/people.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { faultOf } from './fault-of.ts';
import { MemoryPeople } from './memory-people.ts';

export interface OpenPeople extends AsyncDisposable {
  /** Of the same store: what exists is created there. */
  readonly records: Records;
  readonly people: People;
}

/** Without a row in them. */
export type OpenEmptyPeople = () => OpenPeople | Promise<OpenPeople>;

const IDS = ['u1', 'U1', 'u2', 'u3'] as const;
const NAMES: Readonly<Record<string, string>> = { u1: 'Ann', U1: 'änn', u2: 'bob', u3: 'ANNE' };
const PREFIXES = ['a', 'an', 'ann', 'anne', 'ä', 'b', 'z', 'Ａ'];

export function peopleContract(name: string, openEmpty: OpenEmptyPeople): void {
  const open = async (): Promise<OpenPeople> => {
    const opened = await openEmpty();
    for (const id of IDS) {
      await opened.records.createUser({ id, username: NAMES[id] as string, passwordHash: 'x', createdAt: 1 });
    }
    return opened;
  };

  describe(`people: ${name}`, () => {
    searchRules(open);
    contactRules(open);
    modelRule(open);
  });
}

const named = async (people: People, prefix: string, asker = 'u2'): Promise<string[]> => {
  const found = await people.search({ prefix: searchKeyOf(prefix), asker, after: null, limit: 10 });
  return found.map(({ user }) => user);
};

function searchRules(open: OpenEmptyPeople): void {
  test('[PPL2] a search finds by the beginning of username and display name, without case, and nobody twice', async () => {
    await using opened = await open();
    const { people } = opened;
    expect(await named(people, 'ANN')).toEqual(['u1', 'u3']);
    expect(await named(people, 'Ａnn')).toEqual(['u1', 'u3']);
    await people.updateProfile('u3', { displayName: 'Annika' });
    await people.updateProfile('u1', { displayName: 'Zoë 👋' });
    expect(await named(people, 'ann')).toEqual(['u1', 'u3']);
    expect(await named(people, 'zoË')).toEqual(['u1']);
    expect(await named(people, 'zoë 👋')).toEqual(['u1']);
    await people.updateProfile('u1', { displayName: '' });
    expect(await named(people, 'zoë')).toEqual([]);
    for (const literal of ['%', '_', '*', "'"]) expect(await named(people, literal)).toEqual([]);
  });

  test('[PPL3] a search leaves out the asker, who is not discoverable, and blocks both ways', async () => {
    await using opened = await open();
    const { people } = opened;
    expect(await named(people, 'ann', 'u1')).toEqual(['u3']);
    await people.changeSettings('u3', { discoverable: false });
    await people.updateProfile('u3', { displayName: 'Anna' });
    expect(await named(people, 'ann')).toEqual(['u1']);
    await people.changeSettings('u3', { discoverable: true });
    expect(await named(people, 'anna')).toEqual(['u3']);
    await people.block('u1', 'u2', 1, 10);
    await people.block('u2', 'u3', 1, 10);
    expect(await named(people, 'ann')).toEqual([]);
    await people.unblock('u1', 'u2');
    expect(await named(people, 'ann')).toEqual(['u1']);
  });

  test('[PPL2] pages of a search show each user once, in order', async () => {
    await using opened = await open();
    const { people, records } = opened;
    const ids = Array.from({ length: 9 }, (_, index) => `p${index}`);
    for (const id of ids) {
      await records.createUser({ id, username: `pat-${id}`, passwordHash: 'x', createdAt: 1 });
      await people.updateProfile(id, { displayName: id === 'p4' ? 'Pat' : 'pat the same' });
    }
    const found: string[] = [];
    for (let after: SearchPlace | null = null; ; ) {
      const page: Awaited<ReturnType<People['search']>> = await people.search({
        prefix: 'pat',
        asker: 'u1',
        after,
        limit: 4,
      });
      found.push(...page.map(({ user }) => user));
      const last = page.at(-1);
      if (page.length < 4 || last === undefined) break;
      after = { key: last.key, user: last.user };
    }
    expect(found).toEqual(['p4', ...ids.filter((id) => id !== 'p4')]);
  });
}

function contactRules(open: OpenEmptyPeople): void {
  const ask = (from: string, to: string, maxContacts = 10) => ({ from, to, note: 'hello', at: 5, maxContacts });

  test('[PPL4] a request stands with both, from either side, until it is accepted or ended', async () => {
    await using opened = await open();
    const { people } = opened;
    expect(await people.requestContact(ask('u1', 'u2'))).toBe('asked');
    expect(await people.requestContact(ask('u1', 'u2'))).toBe('known');
    expect(await people.contact('u1', 'u2')).toMatchObject({ state: 'outgoing', note: 'hello', at: 5 });
    expect((await people.contacts('u2', '', 'incoming', 9)).map(({ other }) => other.username)).toEqual(['Ann']);
    expect(await people.acceptContact('u1', 'u2', 6)).toBe('none');
    expect(await people.acceptContact('u2', 'u1', 6)).toBe('accepted');
    for (const [a, b] of [
      ['u1', 'u2'],
      ['u2', 'u1'],
    ] as const) {
      expect(await people.contact(a, b)).toMatchObject({ state: 'accepted', at: 6 });
    }
    expect(await people.endContact('u1', 'u2', 'outgoing')).toBe(false);
    expect(await people.endContact('u1', 'u2', 'accepted')).toBe(true);
    expect(await people.contact('u2', 'u1')).toBeNull();
  });

  test('[PPL4] two who ask each other, one after the other or at once, are contacts', async () => {
    await using opened = await open();
    const { people } = opened;
    expect(await people.requestContact(ask('u1', 'u2'))).toBe('asked');
    expect(await people.requestContact(ask('u2', 'u1'))).toBe('accepted');
    const both = await Promise.all([people.requestContact(ask('u1', 'u3')), people.requestContact(ask('u3', 'u1'))]);
    expect([...both].sort()).toEqual(['accepted', 'asked']);
    expect(await people.contact('u3', 'u1')).toMatchObject({ state: 'accepted' });
  });

  test('[PPL5] who is blocked can neither ask nor accept; bounds hold for both', async () => {
    await using opened = await open();
    const { people } = opened;
    await people.requestContact(ask('u1', 'u2'));
    expect(await people.block('u1', 'u2', 1, 1)).toBe('blocked');
    expect(await people.block('u1', 'u2', 1, 1)).toBe('blocked');
    expect(await people.block('u1', 'u3', 1, 1)).toBe('full');
    expect(await people.acceptContact('u2', 'u1', 6)).toBe('blocked');
    await people.endContact('u1', 'u2', 'outgoing');
    expect(await people.requestContact(ask('u2', 'u1'))).toBe('blocked');
    expect(await people.requestContact(ask('u3', 'U1', 1))).toBe('asked');
    expect(await people.requestContact(ask('u2', 'U1', 1))).toBe('full');
    expect(await people.requestContact(ask('U1', 'u1', 1))).toBe('full');
    expect(await faultOf(() => people.requestContact(ask('u1', 'nobody')))).toBe('refused');
    expect(await faultOf(() => people.block('u1', 'nobody', 1, 9))).toBe('refused');
  });
}

type Call = readonly [name: string, apply: (people: People) => unknown];

const id = fc.constantFrom(...IDS, 'nobody');
const other = fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...IDS)).filter(([a, b]) => a !== b);
const small = fc.integer({ min: 1, max: 9 });
const state = fc.constantFrom('outgoing', 'incoming', 'accepted');
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Without the keys that are undefined. */
function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as never;
}

const call: fc.Arbitrary<Call> = fc.oneof(
  fc
    .tuple(
      id,
      fc.record({ displayName: maybe(fc.constantFrom('', 'Anna', 'bo')), about: maybe(fc.constantFrom('', 'é👋')) }),
    )
    .map(([user, change]): Call => ['updateProfile', (people) => people.updateProfile(user, given(change))]),
  fc
    .tuple(
      id,
      fc.record({
        presence: maybe(fc.constantFrom('everyone', 'contacts', 'nobody')),
        receipts: maybe(fc.boolean()),
        discoverable: maybe(fc.boolean()),
      }),
    )
    .map(([user, change]): Call => ['changeSettings', (people) => people.changeSettings(user, given(change))]),
  fc
    .tuple(other, small)
    .map(
      ([[from, to], at]): Call => [
        'requestContact',
        (people) => people.requestContact({ from, to, note: `note ${at}`, at, maxContacts: 2 }),
      ],
    ),
  fc.tuple(other, small).map(([[a, b], at]): Call => ['acceptContact', (people) => people.acceptContact(a, b, at)]),
  fc.tuple(other, state).map(([[a, b], which]): Call => ['endContact', (people) => people.endContact(a, b, which)]),
  fc.tuple(other, small).map(([[a, b], at]): Call => ['block', (people) => people.block(a, b, at, 2)]),
  other.map(([a, b]): Call => ['unblock', (people) => people.unblock(a, b)]),
  fc
    .array(fc.record({ user: id, at: small }), { maxLength: 3 })
    .map((seen): Call => ['saveSeen', (people) => people.saveSeen(seen)]),
);

function modelRule(open: OpenEmptyPeople): void {
  test('[PPL1] any sequence of writes and reads agrees with the reference model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 25 }), async (calls) => {
        await using opened = await open();
        const model = new MemoryPeople(() => IDS.map((user) => ({ id: user, username: NAMES[user] as string })));
        for (const [name, apply] of calls) {
          expect([name, await outcome(() => apply(opened.people))]).toEqual([name, await outcome(() => apply(model))]);
          expect(await everything(opened.people)).toEqual(await everything(model));
        }
      }),
      { numRuns: 25 },
    );
  });
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return (await work()) ?? null;
  } catch (error) {
    if (error instanceof StorageFault) return { fault: error.code };
    throw error;
  }
}

async function everything(people: People): Promise<unknown> {
  const byUser = (a: { readonly user: string }, b: { readonly user: string }): number => (a.user < b.user ? -1 : 1);
  const state: unknown[] = [[...(await people.profiles([...IDS, 'nobody']))].sort(byUser)];
  for (const user of [...IDS, 'nobody']) {
    const { blocked, contacts, ...rest } = await people.visibility(user);
    state.push([rest, [...blocked].sort(), [...contacts].sort(), await people.settings(user)]);
    state.push(await people.contacts(user, '', null, 3), await people.contacts(user, 'u1', 'accepted', 3));
    state.push(await people.blocks(user, '', 3));
    for (const to of IDS)
      state.push(await people.contact(user, to), [...(await people.blockersBetween(user, to))].sort());
  }
  for (const prefix of PREFIXES) {
    for (const asker of ['u2', 'nobody']) {
      state.push(await people.search({ prefix: searchKeyOf(prefix), asker, after: null, limit: 3 }));
    }
  }
  state.push([...(await people.withoutReceipts([...IDS, 'nobody']))].sort());
  return state;
}
