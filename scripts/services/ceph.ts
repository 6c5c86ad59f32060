/** Ceph: a monitor, one object storage daemon on a sparse file, and the gateway that speaks S3. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrapCeph } from './ceph-bootstrap.ts';
import { cephConfFile, cephConfiguration, cephDir } from './ceph-config.ts';
import { Daemon } from './daemon.ts';
import { execute } from './execute.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';
import { makeBucket, probeBucket, type S3Login } from './s3.ts';
import { type Site, writePrivate } from './site.ts';
import { waitFor } from './wait.ts';

const READY_MS = 60_000;

const BUCKET = 'mailroom';
const S3_USER = 'mailroom';

/** Debian's build has the C library's allocator: fewer arenas, and big buffers go back to the system at once. */
const MEMORY = { MALLOC_ARENA_MAX: '4', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '8388608' };

/** How long the addresses of a killed gateway are shut out; its watches are forgotten long before. */
const SHUT_OUT_S = 60;

interface Daemons {
  readonly monitor: Daemon;
  readonly storage: Daemon;
  readonly gateway: Daemon;
}

export function ceph(site: Site): Part {
  const daemons = daemonsOf(site);
  const { monitor, storage, gateway } = daemons;
  const { s3AccessKey, s3SecretKey } = site.settings.secrets;
  const login: S3Login = { port: site.ports.s3, accessKey: s3AccessKey, secretKey: s3SecretKey };
  return {
    name: 'ceph',
    programs: {
      'ceph-mon': 'ceph-mon',
      'ceph-osd': 'ceph-osd',
      radosgw: 'radosgw',
      'radosgw-admin': 'radosgw',
      ceph: 'ceph-common',
      'ceph-authtool': 'ceph-common',
      monmaptool: 'ceph-common',
      rados: 'ceph-common',
    },
    daemons: [monitor, storage, gateway],
    install: async () => {
      for (const path of [cephDir(site), join(site.dir, 'logs')]) mkdirSync(path, { recursive: true, mode: 0o700 });
      writePrivate(cephConfFile(site), cephConfiguration(site));
      await bootstrapCeph(site);
    },
    start: async () => {
      await startMonitor(site, daemons);
      await startStorage(site, daemons);
      await startGateway(site, daemons);
      const stillPossible = (): void => {
        for (const daemon of [gateway, storage, monitor]) daemon.mustRun();
      };
      await waitFor('the gateway to answer', () => answers(login), { timeoutMs: READY_MS, stillPossible });
      await waitFor('the bucket', () => makeBucket(login, BUCKET), { timeoutMs: READY_MS, stillPossible });
    },
    probe: () => probeBucket(login, BUCKET),
    variables: () => ({
      MAILROOM_S3_URL: `http://127.0.0.1:${login.port}`,
      MAILROOM_S3_BUCKET: BUCKET,
      MAILROOM_S3_ACCESS_KEY: login.accessKey,
      MAILROOM_S3_SECRET_KEY: login.secretKey,
    }),
  };
}

function daemonsOf(site: Site): Daemons {
  const conf = cephConfFile(site);
  const daemon = (name: string, command: string[], ports: number[], graceMs: number): Daemon =>
    new Daemon({ name, siteDir: site.dir, command: [...command, '-c', conf, '-f'], env: MEMORY, ports, graceMs });
  return {
    monitor: daemon('ceph-mon', ['ceph-mon', '-i', 'a'], [site.ports.cephMon], 10_000),
    storage: daemon('ceph-osd', ['ceph-osd', '-i', '0'], [], 20_000),
    gateway: daemon('ceph-rgw', ['radosgw', '-n', 'client.rgw.main'], [site.ports.s3], 10_000),
  };
}

/** Resolves once it answers: the gateway does without it for a while, so its own answers do not show that it is back. */
async function startMonitor(site: Site, { monitor }: Daemons): Promise<void> {
  if (!(await monitor.start())) return;
  const stillPossible = (): number => monitor.mustRun();
  await waitFor('the monitor', () => ask(site, 'mon', 'stat'), { timeoutMs: READY_MS, stillPossible });
}

/** Resolves once the cluster's map has this very process: a client that meets the former one's address hangs for 10 s. */
async function startStorage(site: Site, { monitor, storage, gateway }: Daemons): Promise<void> {
  const registered = join(cephDir(site), 'registered');
  if (!existsSync(registered)) {
    await ask(site, 'osd', 'new', site.settings.cephOsdUuid, '0');
    writePrivate(registered, '');
  }
  if (storage.pid() !== undefined) return;
  // Its watches would stall for 15 s after a crash of the storage daemon.
  await gateway.stop(0);
  await storage.start();
  const isInMap = async (): Promise<void> => {
    const pid = storage.mustRun();
    const map = await ask(site, 'osd', 'dump');
    if (!new RegExp(`^osd\\.0 up .*/${pid}[\\] ,]`, 'm').test(map)) throw new Problem('the map does not have it yet');
  };
  const stillPossible = (): void => {
    for (const daemon of [storage, monitor]) daemon.mustRun();
  };
  await waitFor('ceph-osd to be up', isInMap, { timeoutMs: READY_MS, stillPossible });
}

async function startGateway(site: Site, { gateway }: Daemons): Promise<void> {
  if (gateway.pid() !== undefined) return;
  const hasUser = join(cephDir(site), 'user-created');
  if (existsSync(hasUser)) {
    await shutOutFormerGateways(site);
  } else {
    await makeUser(site);
    writePrivate(hasUser, '');
  }
  await gateway.start();
}

async function makeUser(site: Site): Promise<void> {
  const { s3AccessKey, s3SecretKey } = site.settings.secrets;
  const admin = (...args: string[]): Promise<string> =>
    execute('radosgw-admin', ['-c', cephConfFile(site), ...args, `--uid=${S3_USER}`]);
  const keys = [`--access-key=${s3AccessKey}`, `--secret-key=${s3SecretKey}`];
  const users = await execute('radosgw-admin', ['-c', cephConfFile(site), 'user', 'list']);
  if ((JSON.parse(users) as string[]).includes(S3_USER)) return;
  await admin('user', 'create', `--display-name=${S3_USER}`, ...keys);
}

/** What a killed gateway watched would delay the making of buckets by up to 30 s. */
async function shutOutFormerGateways(site: Site): Promise<void> {
  const args = ['-c', cephConfFile(site), '-p', 'default.rgw.control', 'listwatchers', 'notify.0'];
  const watchers = await execute('rados', args, { timeoutMs: 20_000 });
  for (const [, address] of watchers.matchAll(/^watcher=(\S+) /gm)) {
    if (address !== undefined) await ask(site, 'osd', 'blocklist', 'add', address, String(SHUT_OUT_S));
  }
}

async function ask(site: Site, ...args: string[]): Promise<string> {
  return await execute('ceph', ['-c', cephConfFile(site), '--connect-timeout', '20', ...args], { timeoutMs: 30_000 });
}

/** The unsigned list of buckets is empty and allowed: it shows that the gateway has come up, before any key counts. */
async function answers(login: S3Login): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${login.port}/`, { signal: AbortSignal.timeout(5_000) });
  await response.text();
  if (response.status !== 200) throw new Problem(`it answered ${response.status}`);
}
