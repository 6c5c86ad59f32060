/** Which servers a URL names: one, or a comma list of which one at a time takes writes. */
import { StorageFault } from '../ports/faults.ts';

/** One server and how to come in. */
export interface SqlTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: TlsMode;
}

/**
 * - `disabled`: no TLS.
 * - `required`: TLS without a look at the certificate, against listeners only.
 * - `verify-identity`: TLS with a certificate that is the host's.
 */
export type TlsMode = 'disabled' | 'required' | 'verify-identity';

const DEFAULT_PORT = 3306;

/** Values of `ssl-mode`, as MySQL's own clients name them. */
const TLS_BY_SSL_MODE: Readonly<Record<string, TlsMode>> = {
  disabled: 'disabled',
  required: 'required',
  verify_identity: 'verify-identity',
};

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=verify_identity`, or several with commas between them. Throws
 * a `StorageFault` (`refused`) that holds no password.
 */
export function parseTargets(urls: string): readonly SqlTarget[] {
  return urls.split(',').map((url) => parseTarget(url.trim()));
}

/** `host:port`: what messages and metrics may show. */
export function addressOf({ host, port }: Pick<SqlTarget, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parseTarget(text: string): SqlTarget {
  const url = URL.parse(text);
  if (url === null || url.protocol !== 'mysql:' || url.hostname === '') {
    throw new StorageFault('refused', 'a MySQL address must look like mysql://user:password@host:port/database');
  }
  const database = decodeURIComponent(url.pathname.slice(1));
  const address = url.host;
  if (database === '' || database.includes('/')) {
    throw new StorageFault('refused', `the MySQL address of ${address} must end in the name of one database`);
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database,
    tls: tlsMode(url.searchParams, address),
  };
}

function tlsMode(parameters: URLSearchParams, address: string): TlsMode {
  let mode: TlsMode = 'disabled';
  for (const [name, value] of parameters) {
    const known = name === 'ssl-mode' ? TLS_BY_SSL_MODE[value.toLowerCase()] : undefined;
    if (known === undefined) {
      throw new StorageFault(
        'refused',
        `the MySQL address of ${address} has '${name}', but only ssl-mode=disabled, required or verify_identity is known`,
      );
    }
    mode = known;
  }
  return mode;
}
