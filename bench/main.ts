/** `npm run bench -- NAME [OPTIONS]`: runs one bench and prints what it found. */
import { actors } from './benches/actors.ts';
import { echo } from './benches/echo.ts';
import { fanout } from './benches/fanout.ts';
import { idle } from './benches/idle.ts';
import { lanes } from './benches/lanes.ts';
import { rooms } from './benches/rooms.ts';
import { download } from './files/download.ts';
import { transfer } from './files/transfer.ts';
import { type AnyBench, anyBench, UsageError } from './lib/command.ts';
import { environment } from './lib/environment.ts';
import { persist } from './persist/persist.ts';
import { post } from './post/post.ts';
import { upload } from './upload/upload.ts';

const BENCHES: Readonly<Record<string, AnyBench>> = {
  fanout: anyBench(fanout),
  echo: anyBench(echo),
  idle: anyBench(idle),
  rooms: anyBench(rooms),
  actors: anyBench(actors),
  lanes: anyBench(lanes),
  persist: anyBench(persist),
  upload: anyBench(upload),
  post,
  download: anyBench(download),
  transfer: anyBench(transfer),
};

const EXIT_USAGE = 64;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help') {
    process.stdout.write(usage());
    return name === undefined ? EXIT_USAGE : 0;
  }
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench === undefined) {
    process.stderr.write(`bench: there is no bench '${name}'\n${usage()}`);
    return EXIT_USAGE;
  }
  if (rest.includes('--help')) {
    process.stdout.write(usageOf(name, bench));
    return 0;
  }
  try {
    return await run(name, bench, rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`bench: ${error.message}\n${usageOf(name, bench)}`);
    return EXIT_USAGE;
  }
}

async function run(name: string, bench: AnyBench, args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const where = await environment();
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(`${name} on ${where.cpu}, ${where.cores} cores, Bun ${where.bun}, commit ${where.commit}`);
  const given = args.filter((arg) => arg !== '--json');
  const { options, result } = await bench.start(given, say);
  const { lost = 0, duplicated = 0, reordered = 0 } = result as Record<string, number>;
  const losses = lost + duplicated + reordered;
  if ('lost' in result) say(`lost ${lost}, duplicated ${duplicated}, reordered ${reordered}`);
  for (const [key, value] of Object.entries(result)) if (typeof value !== 'object') say(`  ${key}: ${value}`);
  if (json) say(JSON.stringify({ bench: name, ...result, options, environment: where }));
  return losses === 0 ? 0 : 1;
}

function usage(): string {
  const lines = Object.entries(BENCHES).map(([name, { does }]) => `  ${name.padEnd(8)} ${does}`);
  return `usage: npm run bench -- NAME [OPTIONS] [--json]   (NAME --help shows the options)\n\n${lines.join('\n')}\n`;
}

function usageOf(name: string, { does, defaults, help }: AnyBench): string {
  const lines = Object.entries(defaults).map(
    ([option, value]) => `  ${`--${option}`.padEnd(14)} ${help[option]} (${value})`,
  );
  return `${name}: ${does}\n\n${lines.join('\n')}\n  --json         the last line is the result as JSON\n`;
}
