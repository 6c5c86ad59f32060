import { expect, test } from 'bun:test';
import type { User } from '../../src/client/wire.ts';
import { Names } from './names.ts';

const ann: User = { id: 'a', username: 'ann', displayName: 'Ann Archer' };
const bob: User = { id: 'b', username: 'bob' };

test('[WEB60] people go by the name they gave themselves, else by their username', async () => {
  const { names, settled } = asking([ann, bob]);
  expect(names.of('a')).toBeUndefined();
  expect(names.of('b')).toBeUndefined();
  await settled();
  expect([names.of('a'), names.of('b')]).toEqual(['Ann Archer', 'bob']);
});

test('[WEB61] a username out of a room stands in for a profile, and never takes its place', async () => {
  const { names, settled } = asking([ann]);
  names.mention('a', 'ann');
  expect(names.of('a')).toBe('ann');
  await settled();
  names.mention('a', 'ann');
  expect(names.of('a')).toBe('Ann Archer');
});

test('[WEB62] one rendering asks once for all its unknown names, and never again for nobody', async () => {
  const { names, settled, asked } = asking([bob]);
  for (const id of ['a', 'b', 'a']) names.of(id);
  await settled();
  for (const id of ['a', 'b']) names.of(id);
  await settled();
  expect(asked).toEqual([['a', 'b']]);
});

/** Names over a server that knows these users. */
function asking(users: readonly User[]) {
  const asked: (readonly string[])[] = [];
  const names = new Names({
    getUsers: (ids) => {
      asked.push(ids);
      return Promise.resolve(users.filter(({ id }) => ids.includes(id)));
    },
  });
  const settled = async () => {
    // All promises on the way are resolved ones: a turn of the event loop is behind every one of them.
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { names, asked, settled };
}
