import { expect, test } from 'bun:test';
import { PostLine } from './post-line.ts';

/** Steps that say what happened to them, and let the next one go when they are told to. */
function line() {
  const posts = new PostLine();
  const said: string[] = [];
  const next = new Map<string, (willRepeat: boolean) => void>();
  const enter = (name: string): boolean =>
    posts.enter({
      go: (done) => {
        said.push(name);
        next.set(name, done);
      },
      refuse: () => said.push(`${name} refused`),
    });
  return { posts, said, enter, done: (name: string, willRepeat = false) => next.get(name)?.(willRepeat) };
}

test('[FIL14] posts go in the order in which they came, each when the one before it may be followed', () => {
  const { posts, said, enter, done } = line();
  for (const name of ['a', 'b', 'c']) expect(enter(name)).toBe(true);
  expect(said).toEqual(['a']);
  done('a');
  done('b');
  expect(said).toEqual(['a', 'b', 'c']);
  expect(posts.idle).toBe(false);
  done('c');
  expect(posts.idle).toBe(true);
});

test('[FIL14] a post that the client will repeat takes those behind it along, and later ones go again', () => {
  const { said, enter, done } = line();
  for (const name of ['a', 'b', 'c']) enter(name);
  done('a', true);
  expect(said).toEqual(['a', 'b refused', 'c refused']);
  enter('d');
  expect(said.at(-1)).toBe('d');
});

test('[FIL14] after a refusal elsewhere nobody gets into a line that somebody stands in', () => {
  const { posts, enter, done } = line();
  posts.break();
  expect(enter('a')).toBe(true);
  posts.break();
  expect(enter('b')).toBe(false);
  done('a');
  expect(enter('c')).toBe(true);
});
