import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BIOME, ROOT } from './checks.ts';

/** Imports, each from a file that stands for its layer: `file <- specifier`. */
const FORBIDDEN = [
  'src/runtime/a.ts <- ../protocol/faults.ts',
  'src/runtime/b.ts <- msgpackr',
  'src/runtime/c.ts <- node:fs',
  'src/runtime/lanes/d.ts <- ../../log/logger.ts',
  'src/protocol/a.ts <- ../runtime/cell.ts',
  'src/protocol/msgpack/b.ts <- @sinclair/typebox',
  'src/protocol/schema/c.ts <- elysia',
  'src/actors/a.ts <- ../storage/embedded/db.ts',
  'src/actors/b.ts <- ../http/server.ts',
  'src/actors/c.ts <- msgpackr',
  'src/actors/room/d.ts <- ../../storage/embedded/db.ts',
  'src/http/a.ts <- ../storage/embedded/db.ts',
  'src/http/b.ts <- ../app.ts',
  'src/http/routes/c.ts <- ../../config/schema.ts',
  'src/storage/ports/a.ts <- ../embedded/db.ts',
  'src/storage/embedded/a.ts <- ../../actors/user.ts',
  'src/storage/embedded/b.ts <- ../../protocol/limits.ts',
  'src/storage/embedded/log/c.ts <- ../../../http/server.ts',
  'src/client/a.ts <- ../runtime/cell.ts',
  'src/client/b.ts <- node:fs',
  'src/testkit/a.ts <- ../actors/user.ts',
  'src/config/a.ts <- ../log/logger.ts',
  'src/log/a.ts <- ../config/schema.ts',
  'web/a.ts <- ../src/runtime/cell.ts',
];

const ALLOWED = [
  'src/runtime/w.ts <- ./cell.ts',
  'src/runtime/lanes/x.ts <- ../cell.ts',
  'src/runtime/y.test.ts <- ../testkit/kit.ts',
  'src/protocol/schema/w.ts <- @sinclair/typebox',
  'src/protocol/schema/x.ts <- ../faults.ts',
  'src/protocol/msgpack/y.ts <- msgpackr',
  'src/actors/w.ts <- ../storage/ports/log.ts',
  'src/actors/room/x.ts <- ../../runtime/cell.ts',
  'src/actors/room/y.ts <- ../user.ts',
  'src/http/w.ts <- elysia',
  'src/http/routes/x.ts <- ../../actors/user.ts',
  'src/storage/embedded/w.ts <- ../ports/log.ts',
  'src/storage/embedded/log/x.ts <- ../../ports/log.ts',
  'src/storage/embedded/y.ts <- bun:sqlite',
  'src/storage/embedded/z.ts <- ../../protocol/faults.ts',
  'src/client/w.ts <- ../protocol/faults.ts',
  'src/testkit/w.ts <- fast-check',
  'web/w.ts <- ../src/client/client.ts',
];

/** Expressions that the kernel and the actors may not hold, and the rule that catches each. */
const IMPURE: readonly (readonly [string, string])[] = [
  ['Date.now()', 'noRestrictedGlobals'],
  ['performance.now()', 'noRestrictedGlobals'],
  ['setTimeout(String, 1)', 'noRestrictedGlobals'],
  ['globalThis.setTimeout(String, 1)', 'noRestrictedGlobals'],
  ['crypto.randomUUID()', 'noRestrictedGlobals'],
  ['Math.random()', 'noJsRestrictedProperties'],
];

/** Other breaches, by the rule that catches each. */
const BREACHES: Readonly<Record<string, string>> = {
  noFloatingPromises:
    'const work = async (): Promise<void> => { await null; };\nexport const go = (): void => { work(); };',
  useExhaustiveSwitchCases:
    "export function go(kind: 'a' | 'b'): number {\n  switch (kind) { case 'a': return 1; }\n  return 0;\n}",
  noExplicitAny: 'export const go = (x: any): unknown => x;',
  noNonNullAssertion: 'export const go = (x: string[]): string => x[0]!;',
  noConsole: 'export const go = (): void => console.log(1);',
  noProcessEnv: 'export const go = process.env.HOME;',
  noUndeclaredDependencies: "export { go } from 'left-pad';",
};

const folder = mkdtempSync(join(tmpdir(), 'mailroom-lint-'));
let caught: Map<string, string[]>;

function plant(file: string, text: string): string {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), `${text}\n`);
  return file;
}

function plantImport(entry: string): string {
  const [file = '', specifier = ''] = entry.split(' <- ');
  return plant(file, `import type { Thing } from '${specifier}';\nexport const same = (thing: Thing): Thing => thing;`);
}

beforeAll(() => {
  for (const name of ['biome.json', 'package.json', 'tsconfig.json', '.gitignore'])
    cpSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const entry of [...FORBIDDEN, ...ALLOWED]) plantImport(entry);
  for (const [index, [code]] of IMPURE.entries())
    plant(`src/actors/impure-${index}.ts`, `export const value: unknown = ${code};`);
  for (const [rule, code] of Object.entries(BREACHES)) plant(`src/app/${rule.toLowerCase()}.ts`, code);
  plant('src/app/one.ts', "import { two } from './two.ts';\nexport const one = (): number => two();");
  plant('src/app/two.ts', "import { one } from './one.ts';\nexport const two = (): number => one();");
  const argv = [join(ROOT, BIOME), 'lint', '--reporter=json', '--max-diagnostics=none', folder];
  const { stdout } = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  caught = new Map();
  for (const { category, location } of diagnostics) {
    const file = location.path.replace(`${folder}/`, '');
    caught.set(file, [...(caught.get(file) ?? []), category.split('/').at(-1) ?? '']);
  }
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('[RUN8] an import against the layers is caught, a type import too', () => {
  const missed = FORBIDDEN.filter((entry) => !caught.get(entry.split(' ')[0] ?? '')?.includes('noRestrictedImports'));
  expect(missed).toEqual([]);
});

test('[RUN8] an import along the layers is let pass', () => {
  const stopped = ALLOWED.filter((entry) => caught.get(entry.split(' ')[0] ?? '')?.includes('noRestrictedImports'));
  expect(stopped).toEqual([]);
});

test('[RUN9] clocks, timers and chance are caught in actors', () => {
  const missed = IMPURE.filter(([, rule], index) => !caught.get(`src/actors/impure-${index}.ts`)?.includes(rule));
  expect(missed).toEqual([]);
});

test('[RUN10] floating promises, missed cases, cycles and the other breaches are caught', () => {
  const missed = Object.keys(BREACHES).filter(
    (rule) => !caught.get(`src/app/${rule.toLowerCase()}.ts`)?.includes(rule),
  );
  expect(missed).toEqual([]);
  expect(caught.get('src/app/one.ts')).toContain('noImportCycles');
});
