/** The words after `services`. */
import { parseArgs } from 'node:util';
import { isPartName, PART_NAMES, type PartName } from './part.ts';
import { Problem } from './problem.ts';
import { parseBasePort } from './site.ts';

const VERBS = ['up', 'down', 'status', 'env', 'logs'] as const;

type Verb = (typeof VERBS)[number];

export interface Arguments {
  readonly verb: Verb;
  /** The named parts, or none where all are meant. */
  readonly parts: readonly PartName[];
  readonly dir: string | undefined;
  readonly basePort: number | undefined;
  readonly purge: boolean;
  readonly json: boolean;
}

export const USAGE = `usage: npm run services -- up|down|status|env|logs [PART...] [OPTIONS]   (or: bun run services ...)

  up [PART...]      install, make and start what is missing; ready when it returns
  down [PART...]    stop; the data stay
  status [PART...]  a table; exits with 3 where something that was brought up cannot be used
  env [PART...]     the variables that point the engine at them: eval "$(npm run -s services -- env)"
  logs [PART...]    the end of each log

  PART              ${PART_NAMES.join(', ')}: all of them unless named
  --dir DIR         where settings and data live (default: .services in the checkout)
  --base-port N     first of 24 ports (default: 24300); fixed once the directory is made
  --purge           with down: remove the directory and all data in it
  --json            with env and status`;

export function parseArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parse(words);
  const [verb, ...names] = positionals;
  const known = VERBS.find((candidate) => candidate === verb);
  if (known === undefined) throw new Problem(verb === undefined ? USAGE : `there is no '${verb}'\n${USAGE}`);
  const stranger = names.find((name) => !isPartName(name));
  if (stranger !== undefined) throw new Problem(`there is no part '${stranger}', but ${PART_NAMES.join(', ')}`);
  const parts = names.filter(isPartName);
  const purge = values.purge === true;
  if (purge && (known !== 'down' || parts.length > 0))
    throw new Problem('--purge goes with down, for all parts at once');
  return {
    verb: known,
    parts,
    dir: values.dir,
    basePort: values['base-port'] === undefined ? undefined : parseBasePort(values['base-port']),
    purge,
    json: values.json === true,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        dir: { type: 'string' },
        'base-port': { type: 'string' },
        purge: { type: 'boolean' },
        json: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new Problem(`${cause instanceof Error ? cause.message : cause}\n${USAGE}`, { cause });
  }
}
