/** Writes what is made from the schema of the configuration. With `--check` writes nothing and fails where a file differs. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { configurationPage, exampleEnvironment } from '../src/config/describe.ts';
import { ROOT } from './checks.ts';

/** By path below the checkout, what each file should hold. */
export function configFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationPage()],
    ['docker/.env.example', exampleEnvironment()],
  ]);
}

if (import.meta.main) {
  const check = process.argv.includes('--check');
  for (const [path, wanted] of configFiles()) {
    const file = join(ROOT, path);
    const present = await readFile(file, 'utf8').catch(() => '');
    if (present === wanted) continue;
    if (check) process.exitCode = 1;
    else await mkdir(dirname(file), { recursive: true }).then(() => writeFile(file, wanted));
    console.log(`${check ? 'stale' : 'written'}: ${path}`);
  }
}
