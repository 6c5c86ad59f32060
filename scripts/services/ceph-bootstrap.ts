/** Makes a Ceph cluster out of nothing, before any of its daemons runs: keys, the monitor's map and store, the disk. */
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cephConfFile, cephDir, cephKeyring, DISK_BYTES } from './ceph-config.ts';
import { execute } from './execute.ts';
import { type Site, writePrivate } from './site.ts';

/** Who may do what. The gateway makes its own pools, hence its right to write on the monitor. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  'mon.': ['mon', 'allow *'],
  'client.admin': ['mon', 'allow *', 'osd', 'allow *'],
  'osd.0': ['mon', 'allow profile osd', 'osd', 'allow *'],
  'client.rgw.main': ['mon', 'allow rw', 'osd', 'allow rwx'],
};

/** Does nothing where it was done. Whatever a cut-off run left without the mark holds no data and is made anew. */
export async function bootstrapCeph(site: Site): Promise<void> {
  const dir = cephDir(site);
  const mark = join(dir, 'created');
  if (existsSync(mark)) return;
  for (const name of ['mon', 'osd', 'rgw', 'keyring', 'monmap'])
    rmSync(join(dir, name), { recursive: true, force: true });
  for (const name of ['mon', 'osd', 'rgw', 'crash']) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
  await Promise.all([makeDisk(site), makeKeys(site).then(() => makeMonitor(site))]);
  writePrivate(mark, '');
}

async function makeKeys(site: Site): Promise<void> {
  const keyring = cephKeyring(site);
  writeFileSync(keyring, '', { mode: 0o600 });
  for (const [name, rights] of Object.entries(KEYS)) {
    const caps: string[] = [];
    for (let at = 0; at < rights.length; at += 2) caps.push('--cap', rights[at] ?? '', rights[at + 1] ?? '');
    await execute('ceph-authtool', [keyring, '--name', name, '--gen-key', ...caps]);
  }
}

async function makeMonitor(site: Site): Promise<void> {
  const map = join(cephDir(site), 'monmap');
  const address = `[v2:127.0.0.1:${site.ports.cephMon}]`;
  await execute('monmaptool', ['--create', '--clobber', '--fsid', site.settings.cephFsid, '--addv', 'a', address, map]);
  const conf = cephConfFile(site);
  await execute('ceph-mon', ['-c', conf, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', cephKeyring(site)]);
  rmSync(map);
}

async function makeDisk(site: Site): Promise<void> {
  const block = join(cephDir(site), 'osd', 'block');
  writeFileSync(block, '', { mode: 0o600 });
  truncateSync(block, DISK_BYTES);
  const uuid = site.settings.cephOsdUuid;
  await execute('ceph-osd', ['-c', cephConfFile(site), '-i', '0', '--mkfs', '--osd-uuid', uuid, '--no-mon-config']);
}
