import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { ROOT } from './checks.ts';

const PAGES = ['*.md', 'docs/**/*.md', 'examples/*/*.md'].flatMap((glob) => [
  ...new Bun.Glob(glob).scanSync({ cwd: ROOT }),
]);

/** Folders of the checkout: what begins with one of them and stands in backticks is a path. */
const FOLDERS = ['.ci', 'bench', 'bin', 'docker', 'docs', 'examples', 'scripts', 'src', 'test', 'web'];

/** What stands for several names, or for one that is made later. */
const PATTERN = /[*{}<>…\s]|NNN/;

/** Relative links, without images of other sites and mail. */
function linksIn(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  return links.filter((target) => !/^[a-z]+:/.test(target));
}

function pathsIn(text: string): string[] {
  const quoted = [...text.matchAll(/`([^`\n]+)`/g)].map(([, path]) => path as string);
  return quoted.filter((path) => FOLDERS.some((folder) => path.startsWith(`${folder}/`)) && !PATTERN.test(path));
}

/** As GitHub makes them: of words in lower case, with dashes between them. */
function anchorsIn(text: string): Set<string> {
  const headings = withoutCode(text).matchAll(/^#{1,6} (.+)$/gm);
  const slug = (heading: string): string =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-');
  return new Set([...headings].map(([, heading]) => slug(heading as string)));
}

/** Code between fences holds neither links nor headings. */
function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** Undefined where the link leads somewhere. */
function problemOf(page: string, link: string): string | undefined {
  const [path, anchor] = link.split('#', 2) as [string, string | undefined];
  const target = path === '' ? page : normalize(join(dirname(page), decodeURI(path)));
  if (!existsSync(join(ROOT, target))) return `${page}: ${link}: no such file`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsIn(read(target)).has(anchor) ? undefined : `${page}: ${link}: no such heading`;
}

test('[RUN12] every relative link of a document leads to a file, and to a heading where it names one', () => {
  const links = PAGES.flatMap((page) => linksIn(withoutCode(read(page))).map((link) => problemOf(page, link)));
  expect(links.filter((problem) => problem !== undefined)).toEqual([]);
  expect(links.length).toBeGreaterThan(50);
});

test('[RUN13] every path of the checkout that a document names in backticks exists', () => {
  const missing = PAGES.flatMap((page) =>
    pathsIn(withoutCode(read(page)))
      .filter((path) => !existsSync(join(ROOT, path)))
      .map((path) => `${page}: ${path}`),
  );
  expect(missing).toEqual([]);
});
