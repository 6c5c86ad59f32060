/** The bench at a tiny size on a real MySQL. Timing never decides here. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { describeWith } from '../../test/support/back-ends.ts';

setDefaultTimeout(90_000);

describeWith(['mysql'], 'bench: persist', (variables) => {
  test('[BNC1] persist has its keys and loses nothing', async () => {
    const words = ['persist', '--rounds', '1', '--rows', '700', '--batch', '300', '--json'];
    const child = Bun.spawn([process.execPath, join(import.meta.dir, '../main.ts'), ...words], {
      env: { ...process.env, ...variables },
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect({ code: await child.exited, errors }).toEqual({ code: 0, errors: '' });
    const result = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    for (const key of ['drainVsBareInsert', 'drainRowsPerSecond', 'bareRowsPerSecond']) {
      expect(result[key], key).toBeNumber();
    }
    for (const key of ['lost', 'duplicated', 'reordered']) expect(result[key], key).toBe(0);
  });
});
