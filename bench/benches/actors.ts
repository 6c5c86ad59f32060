/** The actor runtime alone, against Erlang and against the npm package `nact`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench, Figures } from '../lib/command.ts';
import { figure, table } from '../lib/report.ts';
import { median, round } from '../lib/stats.ts';
import type { Shape, ShapeResult } from '../runtime/shapes.ts';

const defaults = { rounds: 5, scale: 1 };

/** Sizes, the same for Erlang, that take about half a second; `scale` multiplies them. */
const OURS: Readonly<Record<Shape, number>> = {
  tell: 5_000_000,
  tellInBatches: 5_000_000,
  pingPong: 5_000_000,
  manyActors: 100_000,
  spawn: 100_000,
  idleActor: 100_000,
  asks: 2_000_000,
};
/** Shapes of `bench/peers/erlang/shapes.erl`. The first way is the one compared with; the others stand beside it. */
const ERLANG = {
  tell: ['tell', 'tellInBatches'],
  tellInBatches: ['tellInBatches'],
  pingPong: ['pingPong'],
  manyActors: ['manyActors'],
  spawn: ['spawnNamed', 'spawn', 'spawnSupervised'],
  idleActor: ['idleActor'],
} as const;
/** Ways that take so much longer that a part of the size says the same. */
const SHARE_OF_SIZE: Readonly<Record<string, number>> = { spawnSupervised: 0.1 };
const NACT_SIZES = { tell: 100_000, pingPong: 100_000, spawn: 10_000 } as const;
/** Erlang as people run it has a scheduler for each core: that is compared with. With one no message crosses threads. */
const SCHEDULERS = [[], ['+S', '1:1']] as const;
const AS_SHIPPED = 'default schedulers';
const DEADLINE_MS = 60_000;
const PEERS = join(import.meta.dir, '../peers');

type Compared = keyof typeof ERLANG;

export const actors: Bench<typeof defaults> = {
  does: 'tell, ping-pong, many actors, spawning, asks, and the weight of an idle actor, against Erlang and nact',
  defaults,
  help: { rounds: 'fresh processes for each figure', scale: 'multiplies the number of messages and actors' },
  async run({ rounds, scale }, say) {
    using erlang = prepareErlang(say);
    const ours = new Map<Shape, ShapeResult[]>();
    const theirs = new Map<string, number[]>();
    const nact = new Map<string, number[]>();
    for (let each = 1; each <= rounds; each++) {
      say(`round ${each} of ${rounds}`);
      for (const [shape, size] of Object.entries(OURS) as [Shape, number][]) {
        push(ours, shape, runOurs(shape, scaled(size, scale)));
        if (shape === 'asks') continue;
        if (erlang.folder !== undefined) runErlang(erlang.folder, shape, scale, theirs);
        if (shape in NACT_SIZES) runNact(shape as keyof typeof NACT_SIZES, scale, nact, say);
      }
    }
    return report({ ours, theirs, nact, erlang: erlang.version }, say);
  },
};

interface Measured {
  readonly ours: ReadonlyMap<Shape, readonly ShapeResult[]>;
  /** By shape, way and schedulers. */
  readonly theirs: ReadonlyMap<string, readonly number[]>;
  readonly nact: ReadonlyMap<string, readonly number[]>;
  readonly erlang: string;
}

function report({ ours, theirs, nact, erlang }: Measured, say: (line: string) => void): Figures {
  const rate = (shape: Shape): number =>
    median((ours.get(shape) ?? []).map(({ perSecond }) => perSecond ?? Number.NaN));
  const variants = [...theirs].map(([key, values]) => [key, median(values)] as const);
  const peer = (shape: Compared): number => median(theirs.get(variant(shape, ERLANG[shape][0], AS_SHIPPED)) ?? []);
  /** The fastest of all ways and schedulers. */
  const best = (shape: Compared): number => {
    const rates = variants.filter(([key]) => key.startsWith(`${shape} `)).map(([, value]) => value);
    return rates.length === 0 ? Number.NaN : Math.max(...rates);
  };
  const idleBytes = median((ours.get('idleActor') ?? []).map(({ bytes }) => bytes ?? Number.NaN));
  const residentBytes = median((ours.get('idleActor') ?? []).map((result) => result.residentBytes ?? Number.NaN));
  const processBytes = peer('idleActor');
  const compared = ['tell', 'tellInBatches', 'pingPong', 'manyActors', 'spawn'] as const;
  const nactOf = (shape: string): number => median(nact.get(shape) ?? []);
  say(
    table(
      ['per second', 'mailroom', `Erlang ${erlang}`, 'nact 7.6.2', 'vs Erlang', 'vs its best'],
      [
        ...compared.map((shape) => [
          shape,
          figure(rate(shape)),
          figure(peer(shape)),
          figure(nactOf(shape)),
          figure(rate(shape) / peer(shape)),
          figure(rate(shape) / best(shape)),
        ]),
        ['asks', figure(rate('asks')), '', '', '', ''],
        ['bytes an idle actor', figure(idleBytes), figure(processBytes), '', figure(idleBytes / processBytes), ''],
      ],
    ),
  );
  for (const [key, value] of variants) say(`  Erlang ${key}: ${figure(value)}`);
  const ratio = (shape: Compared): number | null => orNull(rate(shape) / peer(shape));
  return {
    tellVsErlang: ratio('tell'),
    tellInBatchesVsErlang: ratio('tellInBatches'),
    pingPongVsErlang: ratio('pingPong'),
    manyActorsVsErlang: ratio('manyActors'),
    spawnVsErlang: ratio('spawn'),
    spawnVsBareErlang: orNull(rate('spawn') / median(theirs.get(variant('spawn', 'spawn', AS_SHIPPED)) ?? [])),
    idleActorBytes: round(idleBytes),
    idleActorResidentBytes: round(residentBytes),
    erlangProcessBytes: orNull(processBytes),
    asksPerSecond: round(rate('asks')),
    perSecond: Object.fromEntries(compared.map((shape) => [shape, round(rate(shape))])),
    erlangPerSecond: Object.fromEntries(compared.map((shape) => [shape, orNull(peer(shape))])),
    vsFastestErlang: Object.fromEntries(compared.map((shape) => [shape, orNull(rate(shape) / best(shape))])),
    erlangVariants: Object.fromEntries(variants.map(([key, value]) => [key, orNull(value)])),
    nactPerSecond: Object.fromEntries(Object.keys(NACT_SIZES).map((shape) => [shape, orNull(nactOf(shape))])),
    erlang,
  };
}

function runOurs(shape: Shape, size: number): ShapeResult {
  const file = join(import.meta.dir, '../runtime/shapes.ts');
  return JSON.parse(output(process.execPath, [file, shape, String(size)])) as ShapeResult;
}

function runErlang(folder: string, shape: Compared, scale: number, into: Map<string, number[]>): void {
  for (const way of ERLANG[shape]) {
    for (const schedulers of SCHEDULERS) {
      const size = String(scaled(OURS[shape], scale * (SHARE_OF_SIZE[way] ?? 1)));
      const args = [...schedulers, '+P', '2000000', '-noshell', '-pa', folder, '-run', 'shapes', 'main', way, size];
      const name = schedulers.length === 0 ? AS_SHIPPED : '1 scheduler';
      push(into, variant(shape, way, name), Number(output('erl', args)));
    }
  }
}

function variant(shape: Compared, way: string, schedulers: string): string {
  return `${shape} (${way}, ${schedulers})`;
}

/** A peer that does not run is named, and its figures are missing; it does not stop the bench. */
function runNact(
  shape: keyof typeof NACT_SIZES,
  scale: number,
  into: Map<string, number[]>,
  say: (line: string) => void,
): void {
  const args = [join(PEERS, 'nact.ts'), shape, String(scaled(NACT_SIZES[shape], scale))];
  try {
    push(into, shape, Number(output(process.execPath, args)));
  } catch (error) {
    say(`nact does not run on this Bun: ${error instanceof Error ? error.message : error}`);
  }
}

interface Erlang extends Disposable {
  /** Where the compiled shapes are; undefined where there is no Erlang. */
  readonly folder: string | undefined;
  readonly version: string;
}

/** Installs Debian's `erlang-base` where it is missing and this may be done; else says that it is missing. */
function prepareErlang(say: (line: string) => void): Erlang {
  if (Bun.which('erlc') === null && process.getuid?.() === 0 && Bun.which('apt-get') !== null) {
    say('Erlang is missing: installing erlang-base');
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'erlang-base'], { stdio: 'ignore' });
  }
  if (Bun.which('erlc') === null) {
    say('ERLANG IS MISSING: install erlang-base to compare with it. The figures below have no peer.');
    return { folder: undefined, version: '(missing)', [Symbol.dispose]: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'mailroom-erlang-'));
  output('erlc', ['-o', folder, join(PEERS, 'erlang/shapes.erl')]);
  const release = 'io:format("~s", [erlang:system_info(otp_release)]), halt().';
  const version = output('erl', ['-noshell', '-eval', release]);
  return { folder, version, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

function output(command: string, args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', timeout: DEADLINE_MS });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

function push<K, V>(into: Map<K, V[]>, key: K, value: V): void {
  const values = into.get(key);
  if (values === undefined) into.set(key, [value]);
  else values.push(value);
}

function scaled(size: number, scale: number): number {
  return Math.max(100, Math.round(size * scale));
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? round(value) : null;
}
