import type { ValueType } from './value-types.ts';

/** What a default may depend on. It is given, never looked up here. */
export interface Machine {
  /** Cores that this process may use. */
  readonly cores: number;
}

export type Section = 'Listening' | 'Storage' | 'Processes' | 'Sessions and limits' | 'Files' | 'Logging';

/** One variable of the environment, with everything that help, docs and the parser say of it. */
export interface Variable<T> {
  readonly name: `MAILROOM_${string}`;
  readonly section: Section;
  readonly type: ValueType<T>;
  readonly initial: (machine: Machine) => T;
  /** The default as people read it. */
  readonly initialText: string;
  readonly unit?: string;
  readonly description: string;
  /** Its text is kept out of messages. */
  readonly secret?: boolean;
  /** Why any value but the default stops the start in this version. */
  readonly notYet?: string;
}

/** The flag of a variable: `MAILROOM_DATA_DIR` is `--data-dir`. */
export function flagOf(variable: { readonly name: string }): string {
  return `--${variable.name.slice('MAILROOM_'.length).toLowerCase().replaceAll('_', '-')}`;
}

/** A variable whose default is a fixed value. */
export function variable<T>(spec: Omit<Variable<T>, 'initial'> & { readonly initial: NoInfer<T> }): Variable<T> {
  const { initial } = spec;
  return { ...spec, initial: () => initial };
}

/** A variable without a default. */
export function optional<T>(spec: Omit<Variable<T>, 'initial'>): Variable<T | undefined> {
  return { ...spec, initial: () => undefined };
}
