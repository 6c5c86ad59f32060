/** How one entry becomes one line. */
import type { Level } from './level.ts';
import { type Fields, type Plain, redact } from './redact.ts';

export interface Entry {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly level: Level;
  readonly message: string;
  readonly fields: Fields;
}

export type Format = (entry: Entry) => string;

/** One JSON object. The entry's own keys win over fields of the same name. */
export const jsonLine: Format = ({ at, level, message, fields }) =>
  JSON.stringify({ ...redact(fields), time: new Date(at).toISOString(), level, message });

/** One line for people, as in `12:30:59.001 INFO  listening port=8080`, with the stacks of errors indented below it. */
export const textLine: Format = ({ at, level, message, fields }) => {
  const stacks: string[] = [];
  const shown = Object.entries(redact(fields)).map(([key, value]) => {
    const stack = stackOf(value);
    if (stack !== undefined) stacks.push(stack);
    return ` ${key}=${stack === undefined ? textValue(value) : textValue(withoutStack(value))}`;
  });
  const clock = new Date(at).toISOString().slice(11, 23);
  const head = `${clock} ${level.toUpperCase().padEnd(5)} ${singleLine(message)}${shown.join('')}`;
  return [
    head,
    ...stacks.map((stack) =>
      stack
        .split('\n')
        .map((line) => `    ${line.trim()}`)
        .join('\n'),
    ),
  ].join('\n');
};

function textValue(value: Plain): string {
  return typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
}

function stackOf(value: Plain): string | undefined {
  const stack = typeof value === 'object' && value !== null && 'stack' in value ? value.stack : undefined;
  return typeof stack === 'string' ? stack : undefined;
}

function withoutStack(value: Plain): Plain {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => key !== 'stack')) as Plain;
}

/** A message must not be able to forge a second line. */
function singleLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ');
}
