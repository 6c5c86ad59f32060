/** The benches of files at a tiny size: they run, and have their keys. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { type BackEndVariables, describeWith } from '../../test/support/back-ends.ts';

setDefaultTimeout(600_000);

const NGINX = Bun.which('nginx');
// Where the suite must be complete, a missing tool is a failure and not a skipped test.
const SKIP = NGINX === null && process.env.CI !== 'true';
if (SKIP) console.log('skipped: bench download needs nginx (apt-get install nginx-light)');

test.skipIf(SKIP)('[BNC1] bench download has its figures', async () => {
  const result = await run('download', { mib: 2, downloads: 4, readers: 2, rounds: 1 }, {});
  for (const key of ['vsSendfile', 'cpuPerGb', 'sendfileCpuPerGb', 'rssMb']) expect(result[key], key).toBeNumber();
});

describeWith(['ceph'], 'bench transfer', (variables) => {
  test('[BNC1] bench transfer has its figures', async () => {
    const result = await run('transfer', { mib: 17, rounds: 1 }, variables);
    for (const key of ['vsBareMultipart', 'mibPerSecond', 'cpuPerGb']) expect(result[key], key).toBeNumber();
  });
});

async function run(name: string, size: Readonly<Record<string, number>>, variables: BackEndVariables) {
  const words = Object.entries(size).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '../main.ts'), name, ...words, '--json'], {
    env: { ...process.env, ...variables },
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  expect({ code: await child.exited, errors: child.exitCode === 0 ? '' : errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}
