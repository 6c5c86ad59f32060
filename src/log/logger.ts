import { type Format, jsonLine, textLine } from './format.ts';
import { type Level, reaches } from './level.ts';
import type { Fields } from './redact.ts';

/** A structured log. A message is a fixed text; what varies stands in the fields. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log that adds these fields to each of its entries. */
  child(fields: Fields): Logger;
  /** False where building an entry of this level would be wasted. */
  enabled(level: Level): boolean;
}

export interface LoggerOptions {
  readonly level: Level;
  readonly format: 'json' | 'text';
  /** Takes one entry, without a line end. */
  readonly sink: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createLogger({ level: least, format, sink, now }: LoggerOptions): Logger {
  const toLine: Format = format === 'json' ? jsonLine : textLine;

  function loggerWith(own: Fields): Logger {
    const write = (level: Level, message: string, fields?: Fields): void => {
      if (reaches(level, least)) sink(toLine({ at: now(), level, message, fields: { ...own, ...fields } }));
    };
    return {
      debug: (message, fields) => write('debug', message, fields),
      info: (message, fields) => write('info', message, fields),
      warn: (message, fields) => write('warn', message, fields),
      error: (message, fields) => write('error', message, fields),
      child: (fields) => loggerWith({ ...own, ...fields }),
      enabled: (level) => reaches(level, least),
    };
  }

  return loggerWith({});
}

/** `auto` is text where a person reads along, and JSON lines elsewhere. */
export function resolveFormat(format: 'auto' | 'json' | 'text', toTerminal: boolean): 'json' | 'text' {
  if (format !== 'auto') return format;
  return toTerminal ? 'text' : 'json';
}
