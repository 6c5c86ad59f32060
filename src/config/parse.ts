/** From environment and flags to a configuration, or to every problem at once. */
import { type Config, SCHEMA, VARIABLES } from './schema.ts';
import { flagOf, type Machine, type Variable } from './variable.ts';

export type ConfigOutcome =
  | { readonly kind: 'help' }
  /** One line a problem, each naming its variable or flag. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[]; readonly warnings: readonly string[] }
  | { readonly kind: 'config'; readonly config: Config; readonly warnings: readonly string[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value was given: a flag wins over its variable. */
interface Given {
  readonly text: string;
  readonly source: string;
}

interface Flags {
  readonly help: boolean;
  readonly given: ReadonlyMap<string, Given>;
  readonly problems: readonly string[];
}

/**
 * An empty variable counts as unset, as compose files write it; an empty flag is a problem. Nothing is looked up: the
 * outcome depends on the arguments alone.
 */
export function parseConfig(env: Environment, argv: readonly string[], machine: Machine): ConfigOutcome {
  const flags = parseFlags(argv);
  if (flags.help) return { kind: 'help' };

  const problems = [...flags.problems];
  const values: Record<string, unknown> = {};
  for (const [key, variable] of Object.entries<Variable<unknown>>(SCHEMA)) {
    const given = flags.given.get(variable.name) ?? fromEnvironment(env, variable);
    if (given === undefined) {
      values[key] = variable.initial(machine);
      continue;
    }
    const read = readValue(variable, given, machine);
    if (read.problem === undefined) values[key] = read.value;
    else problems.push(read.problem);
  }

  const warnings = unknownVariables(env);
  if (problems.length > 0) return { kind: 'invalid', problems, warnings };
  // The loop above has filled every key of the schema with a value that its own type has parsed.
  return { kind: 'config', config: Object.freeze(values) as unknown as Config, warnings };
}

function fromEnvironment(env: Environment, variable: Variable<unknown>): Given | undefined {
  const text = env[variable.name]?.trim();
  return text ? { text, source: variable.name } : undefined;
}

type ReadValue = { readonly problem: string } | { readonly problem?: undefined; readonly value: unknown };

function readValue(variable: Variable<unknown>, { text, source }: Given, machine: Machine): ReadValue {
  const label = source === variable.name ? variable.name : `${variable.name} (${source})`;
  const value = text === '' ? undefined : variable.type.parse(text);
  if (value === undefined) {
    const got = variable.secret === true ? 'something else' : `'${printable(text)}'`;
    return { problem: `${label}: expected ${variable.type.describe}, got ${got}` };
  }
  if (variable.notYet !== undefined && !sameValue(value, variable.initial(machine))) {
    return { problem: `${label}: ${variable.notYet}` };
  }
  return { value };
}

/** Only variables without a default or with a list of names are compared, and their text form is exact. */
function sameValue(a: unknown, b: unknown): boolean {
  return b !== undefined && String(a) === String(b);
}

function parseFlags(argv: readonly string[]): Flags {
  const byFlag = new Map(VARIABLES.map((variable) => [flagOf(variable), variable]));
  const given = new Map<string, Given>();
  const problems: string[] = [];
  let help = false;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    const [flag = '', inline] = splitOnce(word);
    const variable = byFlag.get(flag);
    if (word === '--help' || word === '-h') help = true;
    else if (variable === undefined) problems.push(unknownWord(word, flag));
    else {
      const next = argv[index + 1];
      const separate = inline === undefined && next !== undefined && !next.startsWith('--');
      if (separate) index += 1;
      const text = separate ? next : inline;
      if (text === undefined) problems.push(`${variable.name} (${flag}): expected a value after the flag`);
      else given.set(variable.name, { text: text.trim(), source: flag });
    }
  }
  return { help, given, problems };
}

function splitOnce(word: string): [string, string?] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function unknownWord(word: string, flag: string): string {
  return word.startsWith('-')
    ? `${printable(flag)}: there is no such flag; --help lists them all`
    : `'${printable(word)}': expected a flag; --help lists them all`;
}

/** Of the test suite, which starts engines in its own environment. */
const OF_TESTS = 'MAILROOM_TEST_';

/** A variable that is not known may belong to a newer or older version, so it stops nothing. */
function unknownVariables(env: Environment): string[] {
  const known = new Set<string>(VARIABLES.map((variable) => variable.name));
  return Object.keys(env)
    .filter((name) => name.startsWith('MAILROOM_') && !name.startsWith(OF_TESTS) && !known.has(name))
    .sort()
    .map((name) => `${name}: there is no such variable; it is ignored`);
}

/** Keeps a problem on its one line, whatever was given. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to be replaced
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return plain.length > 100 ? `${plain.slice(0, 100)}…` : plain;
}
