/** Every bench at a tiny size: it runs, it has its keys, and no message is lost. Timing never decides here. */
import { describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';

const DEADLINE_MS = 600_000;

setDefaultTimeout(DEADLINE_MS);

const LOSSES = ['lost', 'duplicated', 'reordered'] as const;
const TINY_LOAD = ['--rounds', '1', '--seconds', '0.2', '--warmSeconds', '0.1'] as const;

interface Outcome {
  readonly code: number;
  readonly errors: string;
  readonly lines: readonly string[];
}

async function bench(...args: string[]): Promise<Outcome> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'main.ts'), ...args], {
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const [output, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, errors, lines: output.trimEnd().split('\n') };
}

/** The result that the last line holds. */
async function resultOf(...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, errors, lines } = await bench(...args, '--json');
  expect({ code, errors: code === 0 ? '' : errors }).toEqual({ code: 0, errors: '' });
  return JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
}

function expectFigures(result: Readonly<Record<string, unknown>>, keys: readonly string[]): void {
  for (const key of keys) {
    expect(result, key).toHaveProperty(key);
    expect(result[key], key).toBeNumber();
  }
}

function expectNoLosses(result: Readonly<Record<string, unknown>>): void {
  for (const key of LOSSES) expect(result[key], key).toBe(0);
}

describe('benches at a tiny size', () => {
  test(
    '[BNC1] fanout has its keys and loses nothing',
    async () => {
      const result = await resultOf('fanout', '--members', '20', ...TINY_LOAD);
      const at = ['At1', 'At8', 'At64'];
      expectFigures(
        result,
        at.flatMap((phase) => [`vsRawBun${phase}`, `deliveriesPerCpuSecond${phase}`]),
      );
      for (const phase of at) {
        const latency = result[`latency${phase}`] as Record<string, unknown>;
        expectFigures(latency, ['ackP50Micros', 'ackP99Micros', 'deliverP50Micros', 'deliverP99Micros']);
      }
      expectNoLosses(result);
      expect(result.environment).toHaveProperty('commit');
      expect(result.environment).toHaveProperty('cpu');
    },
    DEADLINE_MS,
  );

  test(
    '[BNC1] echo has its keys and loses nothing',
    async () => {
      const result = await resultOf('echo', '--sockets', '4', ...TINY_LOAD);
      expectFigures(result, ['vsRawEcho', 'pingsPerCpuSecond', 'durablePostsPerCpuSecond', 'durablePostVsRawEcho']);
      expectNoLosses(result);
    },
    DEADLINE_MS,
  );

  test(
    '[BNC1] idle has its keys and every session lives',
    async () => {
      const result = await resultOf('idle', '--sockets', '20', '--members', '5', '--settleSeconds', '0.1');
      expectFigures(result, ['kbPerSession', 'rawKbPerSocket', 'heartbeatCpuMicros']);
      expect(result.sockets).toBe(20);
      expectNoLosses(result);
    },
    DEADLINE_MS,
  );

  test(
    '[BNC1] rooms has its keys and loses nothing',
    async () => {
      const result = await resultOf('rooms', '--rooms', '4', '--members', '3', ...TINY_LOAD);
      expectFigures(result, ['vsRawBun', 'postsPerCpuSecond', 'deliverP50Micros', 'deliverP99Micros']);
      expectNoLosses(result);
    },
    DEADLINE_MS,
  );

  test(
    '[BNC1] actors has its keys, and says where a peer is missing',
    async () => {
      const result = await resultOf('actors', '--rounds', '1', '--scale', '0.01');
      expectFigures(result, ['idleActorBytes', 'asksPerSecond']);
      const compared = [
        'tellVsErlang',
        'tellInBatchesVsErlang',
        'pingPongVsErlang',
        'manyActorsVsErlang',
        'spawnVsErlang',
        'spawnVsBareErlang',
        'erlangProcessBytes',
      ];
      if (result.erlang === '(missing)') for (const key of compared) expect(result[key], key).toBeNull();
      else expectFigures(result, compared);
    },
    DEADLINE_MS,
  );

  test(
    '[BNC1] lanes has its keys and loses nothing',
    async () => {
      const result = await resultOf('lanes', '--rounds', '1', '--messages', '20000', '--roundTrips', '20');
      expectFigures(result, ['lanesPerSecond', 'roundTripP50Micros']);
      expectNoLosses(result);
    },
    DEADLINE_MS,
  );
});

describe('the command line', () => {
  test('[BNC2] an unknown bench or option is refused by name, with the usage', async () => {
    const unknown = await bench('nothing');
    expect(unknown.code).toBe(64);
    expect(unknown.errors).toContain("there is no bench 'nothing'");
    expect(unknown.errors).toContain('fanout');
    const option = await bench('lanes', '--speed', '3');
    expect(option.code).toBe(64);
    expect(option.errors).toContain('--speed');
    const value = await bench('lanes', '--rounds', 'many');
    expect(value.code).toBe(64);
    expect(value.errors).toContain("--rounds takes a number over 0, not 'many'");
  });

  test('[BNC2] --help lists the benches, and the options of one', async () => {
    const { code, lines } = await bench('--help');
    expect(code).toBe(0);
    for (const name of ['fanout', 'echo', 'idle', 'rooms', 'actors', 'lanes']) expect(lines.join('\n')).toContain(name);
    expect((await bench('fanout', '--help')).lines.join('\n')).toContain('--members');
  });
});
