import { describe, expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { generateProtocol } from '../../scripts/generate-protocol.ts';

describe('what is made from the schemas', () => {
  test('[WIRE26] the checks and the tables of the reference are as the schemas say', async () => {
    const stale = (await generateProtocol()).filter((file) => file.present !== file.wanted);
    // Made anew by `scripts/generate-protocol.ts`.
    expect(stale.map((file) => file.path)).toEqual([]);
  });

  test('[WIRE29] what a client imports brings no schema and no TypeBox along', async () => {
    const modules = [
      'calls',
      'envelope',
      'types',
      'frames/body',
      'frames/message',
      'frames/rpc',
      'close-codes',
      'faults',
      'limits',
    ];
    const entrypoints = modules.map((name) => fileURLToPath(new URL(`./${name}.ts`, import.meta.url)));
    const built = await Bun.build({ entrypoints, target: 'browser', sourcemap: 'external', splitting: true });
    const maps = built.outputs.filter((output) => output.kind === 'sourcemap');
    const sources = (await Promise.all(maps.map((output) => output.json()))).flatMap((map) => map.sources as string[]);
    expect(sources.some((source) => source.endsWith('envelope.ts'))).toBe(true);
    expect(sources.filter((source) => /typebox|protocol\/schema|^(.*\/)?schema\//.test(source))).toEqual([]);
  });
});
