/**
 * Makes fields safe to write: secrets and message bodies are replaced, errors and bytes get a readable form, and depth,
 * width and length are bounded, so that no value can flood the log or stop it.
 */

export type Fields = Readonly<Record<string, unknown>>;

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

const HIDDEN_KEY = /token|password|passwd|secret|authorization|cookie|^body$|[_-]body$/i;
const HIDDEN_CAMEL_KEY = /[a-z0-9]Body$/;
const MAX_DEPTH = 5;
const MAX_ITEMS = 50;
const MAX_CHARS = 4_000;

export function redact(fields: Fields): Record<string, Plain> {
  return record(fields, 1, new Set());
}

function record(value: object, depth: number, above: ReadonlySet<object>): Record<string, Plain> {
  const result: Record<string, Plain> = {};
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  for (const [key, each] of entries.slice(0, MAX_ITEMS)) {
    result[key] = HIDDEN_KEY.test(key) || HIDDEN_CAMEL_KEY.test(key) ? '[redacted]' : plain(each, depth, above);
  }
  if (entries.length > MAX_ITEMS) result['…'] = `${entries.length - MAX_ITEMS} more`;
  return result;
}

function plain(value: unknown, depth: number, above: ReadonlySet<object>): Plain {
  switch (typeof value) {
    case 'string':
      return value.length > MAX_CHARS ? `${value.slice(0, MAX_CHARS)}… (${value.length} characters)` : value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : nested(value, depth, above);
    case 'undefined':
      return null;
    case 'function':
      return '[function]';
    case 'bigint':
    case 'symbol':
      return String(value);
  }
}

function nested(value: object, depth: number, above: ReadonlySet<object>): Plain {
  if (above.has(value)) return '[circular]';
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return errorRecord(value, depth, new Set(above).add(value));
  if ('toJSON' in value && typeof value.toJSON === 'function')
    return plain(value.toJSON(), depth + 1, new Set(above).add(value));
  if (depth >= MAX_DEPTH) return '[deeper]';
  const inside = new Set(above).add(value);
  if (Array.isArray(value) || value instanceof Set) return items([...value], depth, inside);
  return record(value instanceof Map ? Object.fromEntries(value) : value, depth + 1, inside);
}

function items(values: readonly unknown[], depth: number, above: ReadonlySet<object>): Plain {
  const shown = values.slice(0, MAX_ITEMS).map((each) => plain(each, depth + 1, above));
  return values.length > MAX_ITEMS ? [...shown, `… ${values.length - MAX_ITEMS} more`] : shown;
}

function errorRecord(error: Error, depth: number, above: ReadonlySet<object>): Plain {
  const code = 'code' in error ? plain(error.code, depth + 1, above) : undefined;
  const cause = error.cause === undefined || depth >= MAX_DEPTH ? undefined : plain(error.cause, depth + 1, above);
  return {
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(cause === undefined ? {} : { cause }),
  };
}
