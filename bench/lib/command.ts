/** What a bench is, and how its options are read. */
import { parseArgs } from 'node:util';

/** Keys and figures. A number, a text, or figures below. */
export type Figures = { readonly [key: string]: number | string | null | Figures };

export interface Bench<O extends Record<string, number> = Record<string, number>> {
  readonly does: string;
  /** Whole or decimal numbers, by name: what is not given. */
  readonly defaults: O;
  /** One line for each option. */
  readonly help: Readonly<Record<keyof O, string>>;
  /** Prints what a person reads with `say`. What it returns is the result. */
  run(options: O, say: (line: string) => void): Promise<Figures>;
}

/** A bench without the names of its options. */
export interface AnyBench {
  readonly does: string;
  readonly defaults: Readonly<Record<string, number>>;
  readonly help: Readonly<Record<string, string>>;
  /** Reads the options and runs. Throws a `UsageError` for options that it does not have. */
  start(
    args: readonly string[],
    say: (line: string) => void,
  ): Promise<{ readonly options: object; readonly result: Figures }>;
}

export function anyBench<O extends Record<string, number>>(bench: Bench<O>): AnyBench {
  const { does, defaults, help } = bench;
  return {
    does,
    defaults,
    help,
    async start(args, say) {
      const options = readOptions(defaults, args);
      return { options, result: await bench.run(options, say) };
    },
  };
}

export class UsageError extends Error {}

/** Numbers from `--name value`; throws a `UsageError` for anything else. */
function readOptions<O extends Record<string, number>>(defaults: O, args: readonly string[]): O {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }]));
  const values = parse(args, options);
  const read = Object.entries(defaults).map(([name, initial]) => {
    const text = values[name];
    if (text === undefined) return [name, initial];
    const value = Number(text);
    if (!(value > 0)) throw new UsageError(`--${name} takes a number over 0, not '${text}'`);
    return [name, value];
  });
  return Object.fromEntries(read) as O;
}

function parse(
  args: readonly string[],
  options: Record<string, { type: 'string' }>,
): Readonly<Record<string, string | boolean | undefined>> {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
