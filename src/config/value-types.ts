/** What a variable's text may be. `parse` gives undefined where the text does not fit `describe`. */
import { isIP } from 'node:net';
import { Secret } from './secret.ts';

export interface ValueType<T> {
  /** Completes the sentence «expected …». */
  readonly describe: string;
  readonly parse: (text: string) => T | undefined;
}

export function integer(min: number, max: number): ValueType<number> {
  return {
    describe: `a whole number from ${min} to ${max}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Durations become milliseconds. */
export function duration(min: string, max: string): ValueType<number> {
  const minMs = durationMs(min) ?? 0;
  const maxMs = durationMs(max) ?? Number.MAX_SAFE_INTEGER;
  return {
    describe: `a duration from ${min} to ${max}, such as 500ms, 30s, 15m, 12h or 30d`,
    parse: (text) => {
      const value = durationMs(text);
      return value !== undefined && value >= minMs && value <= maxMs ? value : undefined;
    },
  };
}

function durationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : UNIT_MS[unit];
  return factor === undefined ? undefined : Number(amount) * factor;
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Sizes become bytes; `0` needs no unit. */
export const byteSize: ValueType<number> = {
  describe: 'a size such as 500MiB, 10GiB or 2TiB, or 0',
  parse: (text) => {
    const [, amount, unit = 'B'] = /^(\d{1,12})(B|KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
    const bytes = Number(amount) * (UNIT_BYTES[unit] ?? Number.NaN);
    return Number.isSafeInteger(bytes) && (unit !== 'B' || /B$|^0+$/.test(text)) ? bytes : undefined;
  },
};

export function choice<const T extends string>(options: readonly T[]): ValueType<T> {
  const quoted = options.map((option) => `'${option}'`);
  return {
    describe: quoted.length === 1 ? `${quoted[0]}` : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`,
    parse: (text) => options.find((option) => option === text),
  };
}

export const onOff: ValueType<boolean> = {
  describe: "'on' or 'off'",
  parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined),
};

/** A comma list without repeats; blanks around the items do not count. */
export function list<T>(item: ValueType<T>): ValueType<readonly T[]> {
  return {
    describe: `a comma list, each item ${item.describe}`,
    parse: (text) => {
      const values = text.split(',').map((part) => item.parse(part.trim()));
      return values.every((value) => value !== undefined) ? Object.freeze([...new Set(values)]) : undefined;
    },
  };
}

export const path: ValueType<string> = {
  describe: 'a path',
  parse: (text) => (text.includes('\0') ? undefined : text),
};

export const host: ValueType<string> = {
  describe: 'a host name or an IP address',
  parse: (text) => {
    const bare = text.replace(/^\[(.*)\]$/, '$1');
    return isIP(bare) !== 0 || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(bare) ? bare : undefined;
  },
};

/** An address or a network, as in `10.0.0.0/8`. */
export const network: ValueType<string> = {
  describe: 'an IP address or a network such as 10.0.0.0/8',
  parse: (text) => {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const version = isIP(address);
    return version !== 0 && Number(bits ?? 0) <= (version === 4 ? 32 : 128) ? text : undefined;
  },
};

/** An address of the web without a trailing slash. */
export const webAddress: ValueType<string> = {
  describe: 'an http:// or https:// address without a query',
  parse: (text) => {
    const url = parseUrl(text, ['http:', 'https:']);
    const plain = url !== undefined && !/[?#]/.test(text) && url.username === '' && url.password === '';
    return plain ? url.href.replace(/\/$/, '') : undefined;
  },
};

export const origin: ValueType<string> = {
  describe: 'an origin such as https://chat.example.org, without a path',
  parse: (text) => {
    const address = webAddress.parse(text);
    return address !== undefined && address === parseUrl(address, ['http:', 'https:'])?.origin ? address : undefined;
  },
};

/** The address of a back end. It may hold a password, so it is a secret as a whole. */
export function serviceUrl(...schemes: readonly string[]): ValueType<Secret> {
  const protocols = schemes.map((scheme) => `${scheme}:`);
  return {
    describe: `an address such as ${schemes.map((scheme) => `${scheme}://host:port`).join(' or ')}`,
    parse: (text) => (parseUrl(text, protocols)?.hostname ? new Secret(text) : undefined),
  };
}

export const name: ValueType<string> = {
  describe: '1 to 255 letters, digits, dots, dashes or underscores',
  parse: (text) => (/^[\w.-]{1,255}$/.test(text) ? text : undefined),
};

export const secret: ValueType<Secret> = { describe: 'a secret text', parse: (text) => new Secret(text) };

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  const url = URL.parse(text);
  return url !== null && protocols.includes(url.protocol) ? url : undefined;
}
