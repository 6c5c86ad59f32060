import { expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './checks.ts';
import { configFiles } from './generate-config-docs.ts';

test('[CFG11] the generated files are those of the schema; `npm run generate` writes them', async () => {
  for (const [path, wanted] of configFiles()) expect(await readFile(join(ROOT, path), 'utf8')).toBe(wanted);
});
