/** Writes every generated file anew; with `--check` writes nothing and fails where one differs. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './checks.ts';

const generators = readdirSync(join(ROOT, 'scripts'))
  .filter((name) => /^generate-.*(?<!\.test)\.ts$/.test(name))
  .sort();

for (const name of generators) {
  const argv = [join(ROOT, 'scripts', name), ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, argv, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
