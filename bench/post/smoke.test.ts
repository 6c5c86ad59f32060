/** The bench at a tiny size, on the real broker: it runs, it has its keys, and no message is lost. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { describeWith } from '../../test/support/back-ends.ts';

const DEADLINE_MS = 600_000;
const KEYS = ['postsVsSingleConfirms', 'postsVsPipelinedConfirms', 'postsPerSecond', 'singleConfirmsPerSecond'];
const SIZE = { rooms: 5, members: 2, rounds: 1, seconds: 0.3, warmSeconds: 0.1, rate: 40 };

setDefaultTimeout(DEADLINE_MS);

describeWith(['rabbitmq'], 'bench post', ({ MAILROOM_AMQP_URL: url = '' }) => {
  test('[BNC1] it has its figures, and every post is answered and delivered once', async () => {
    const words = Object.entries(SIZE).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, '../main.ts'), 'post', '--backends', ...words, '--json'],
      {
        env: { ...process.env, MAILROOM_AMQP_URL: url },
        stdout: 'pipe',
        stderr: 'pipe',
      },
    );
    const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    expect({ code: await child.exited, errors: child.exitCode === 0 ? '' : errors }).toEqual({ code: 0, errors: '' });
    const result = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    for (const key of KEYS) expect(result[key], key).toBeNumber();
    expect(result).toMatchObject({ lost: 0, duplicated: 0, repeated: 0, reordered: 0 });
  });
});
