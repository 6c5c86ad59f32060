/** Entry of `npm run dead-letters`: what an operator does with records that the message store could not take. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { storageSettings } from './app/storage/settings.ts';
import { parseConfig } from './config/parse.ts';
import { lineOf, pageOf } from './dead-letters/describe.ts';
import { openDeadLetters, openFiller, type Place } from './dead-letters/open.ts';
import { replay } from './dead-letters/replay.ts';
import type { DeadLetter, DeadLetters } from './storage/ports/dead-letters.ts';

const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 70;

/** More than this many wait for a program, not for a person. */
const MAX_LISTED = 10_000;

const USAGE = `usage: npm run dead-letters -- COMMAND [ID...] [FLAGS]   (or: bun run dead-letters COMMAND …)

  list
      Print every dead letter, one line each: id, time, kind, room, stream, seq, number of records and reason, with tabs
      between them.
  show ID...
      Print what is known of letters. --bytes adds them whole, in base64: they hold what people wrote.
  replay ID... | --all
      Put messages back where the store keeps their place, and remove the letters for which that succeeded. History shows
      such a message from then on; who has the room open sees it after a reload.
  remove ID...
      Remove letters for good.

All work while the engine runs and while it does not. FLAGS, and the environment, are the engine's own: those that say
where its data are. npm run start -- --help lists them.
`;

interface Words {
  readonly command: string | undefined;
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly bytes: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const { words, flags } = split(argv);
  const outcome = parseConfig(process.env, flags, { cores: availableParallelism() });
  if (outcome.kind === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if (outcome.kind === 'invalid') return say(EXIT_USAGE, ...outcome.problems);
  const problem = problemOf(words);
  if (problem !== undefined) return say(EXIT_USAGE, `${problem}; --help tells more`);
  try {
    const place = { dataDir: resolve(outcome.config.dataDir), storage: storageSettings(outcome.config) };
    const letters = await openDeadLetters(place);
    try {
      return await run(words, place, letters);
    } finally {
      await letters.close();
    }
  } catch (error) {
    return say(EXIT_FAILED, error instanceof Error ? error.message : String(error));
  }
}

async function run(words: Words, place: Place, letters: DeadLetters): Promise<number> {
  const all = await letters.list(MAX_LISTED);
  if (words.command === 'list') {
    for (const letter of all) process.stdout.write(`${lineOf(letter)}\n`);
    return 0;
  }
  const chosen = words.all ? all : all.filter(({ id }) => words.ids.includes(id));
  const missing = words.ids.filter((id) => !all.some((letter) => letter.id === id));
  if (missing.length > 0) return say(EXIT_REFUSED, ...missing.map((id) => `${id}: there is no such dead letter`));
  if (words.command === 'show') {
    process.stdout.write(chosen.map((letter) => `${pageOf(letter, words.bytes)}\n`).join('\n'));
    return 0;
  }
  if (words.command === 'remove') {
    process.stdout.write(`removed ${await letters.remove(words.ids)}\n`);
    return 0;
  }
  return await replayAll(place, letters, chosen);
}

async function replayAll(place: Place, letters: DeadLetters, chosen: readonly DeadLetter[]): Promise<number> {
  const filler = openFiller(place);
  try {
    const results = await replay(letters, filler, chosen);
    for (const { id, text } of results) process.stdout.write(`${id}\t${text}\n`);
    return results.every(({ done }) => done) ? 0 : EXIT_REFUSED;
  } finally {
    await filler.close();
  }
}

/** Our own words and flags come out; the rest is the engine's configuration. */
function split(argv: readonly string[]): { readonly words: Words; readonly flags: readonly string[] } {
  const firstFlag = argv.findIndex((word) => word.startsWith('-'));
  const [command, ...ids] = firstFlag === -1 ? argv : argv.slice(0, firstFlag);
  const rest = firstFlag === -1 ? [] : argv.slice(firstFlag);
  const flags = rest.filter((word) => word !== '--all' && word !== '--bytes');
  return { words: { command, ids, all: rest.includes('--all'), bytes: rest.includes('--bytes') }, flags };
}

function problemOf({ command, ids, all }: Words): string | undefined {
  switch (command) {
    case 'list':
      return ids.length > 0 ? 'list: expected nothing after it' : undefined;
    case 'replay':
      return ids.length > 0 === all ? 'replay: expected ids, or --all' : undefined;
    case 'show':
    case 'remove':
      return ids.length === 0 ? `${command}: expected an id` : undefined;
    case undefined:
      return 'expected a command';
    default:
      return `there is no command '${command}'`;
  }
}

function say(exitCode: number, ...texts: readonly string[]): number {
  for (const text of texts) process.stderr.write(`mailroom: ${text}\n`);
  return exitCode;
}
