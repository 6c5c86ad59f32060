/** A log that keeps what the runtime said, for tests to look at. */
import type { RuntimeLog } from '../runtime/host.ts';

export interface LogLine {
  readonly level: 'warn' | 'error';
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class RecordedLog implements RuntimeLog {
  readonly lines: LogLine[] = [];

  warn(text: string, fields: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level: 'warn', text, fields });
  }

  error(text: string, fields: Readonly<Record<string, unknown>>): void {
    this.lines.push({ level: 'error', text, fields });
  }

  /** The fields of all lines with this text. */
  with(text: string): Readonly<Record<string, unknown>>[] {
    return this.lines.filter((line) => line.text === text).map((line) => line.fields);
  }
}
