/** One set of services: its directory, its ports and its secrets, as `settings.json` in that directory keeps them. */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PartName } from './part.ts';
import { DEFAULT_BASE_PORT, PORT_COUNT, type Ports, portsFrom } from './ports.ts';
import { Problem } from './problem.ts';

export type Mode = 'processes' | 'compose';

/** MariaDB's installer, for one, splits its paths at blanks. */
const PLAIN_PATH = /^[\w./@+-]+$/;

const SECRETS = ['mysqlAdmin', 'mysqlUser', 'mysqlReplication', 'redis', 'amqp', 's3AccessKey', 's3SecretKey'] as const;

interface Settings {
  readonly version: 1;
  readonly mode: Mode;
  readonly basePort: number;
  /** What `up` was asked for so far: what `status` expects to run and `env` speaks of. */
  parts: readonly PartName[];
  readonly secrets: Readonly<Record<(typeof SECRETS)[number] | 'erlangCookie', string>>;
  /** The identities of the Ceph cluster and of its one disk. */
  readonly cephFsid: string;
  readonly cephOsdUuid: string;
}

export interface Site {
  readonly dir: string;
  readonly ports: Ports;
  readonly settings: Settings;
}

/** Reads the site in `dir`, or tells that there is none. */
export function openSite(dir: string): Site | undefined {
  const file = settingsFile(dir);
  if (!existsSync(file)) return undefined;
  const settings = JSON.parse(readFileSync(file, 'utf8')) as Settings;
  if (settings.version !== 1) throw new Problem(`${file} is of another version of this command`);
  return { dir, settings, ports: portsFrom(settings.basePort) };
}

/** Throws where no site is and none can be made, before anything is written there. */
export function demandUsable(dir: string): void {
  if (existsSync(settingsFile(dir))) return;
  if (!PLAIN_PATH.test(dir)) {
    throw new Problem(
      `${dir}: the back ends' own tools need a path of letters, digits and ._/@+- only: use another --dir`,
    );
  }
  // A lock may be left of a run that was cut off before it had written its settings.
  const strange = existsSync(dir) && readdirSync(dir).some((name) => !name.startsWith('lock'));
  if (strange) throw new Problem(`${dir} holds something else`);
}

/** Opens the site in the directory `dir`, or makes one there. */
export function createSite(dir: string, basePort: number | undefined, mode: () => Mode): Site {
  const known = openSite(dir);
  if (known !== undefined) {
    if (basePort === undefined || basePort === known.settings.basePort) return known;
    throw new Problem(
      `the services in ${dir} have the base port ${known.settings.basePort} for good: purge them or use another --dir`,
    );
  }
  const secrets = Object.fromEntries([...SECRETS, 'erlangCookie'].map((name) => [name, secret()]));
  const base = basePort ?? DEFAULT_BASE_PORT;
  const settings: Settings = {
    version: 1,
    mode: mode(),
    basePort: base,
    parts: [],
    secrets: secrets as Settings['secrets'],
    cephFsid: randomUUID(),
    cephOsdUuid: randomUUID(),
  };
  const site = { dir, settings, ports: portsFrom(base) };
  saveSite(site);
  return site;
}

export function saveSite({ dir, settings }: Site): void {
  writePrivate(settingsFile(dir), `${JSON.stringify(settings, undefined, 2)}\n`);
}

/** Writes a file that only its owner can read, whole or not at all. */
export function writePrivate(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  renameSync(fresh, path);
}

export function parseBasePort(text: string): number {
  const port = /^\d{4,5}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (port >= 1_024 && port + PORT_COUNT <= 65_536) return port;
  throw new Problem(`--base-port ${text}: a number from 1024 to ${65_536 - PORT_COUNT} is needed`);
}

/** Letters and digits only: it stands in URLs, configuration files and SQL as it is. */
function secret(): string {
  return randomBytes(20).toString('hex');
}

function settingsFile(dir: string): string {
  return join(dir, 'settings.json');
}
