/** The same back ends as containers, where a Docker engine answers: same ports, same secrets, same variables. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../checks.ts';
import { execute } from './execute.ts';
import { PART_NAMES, type PartName } from './part.ts';
import { makeBucket } from './s3.ts';
import { type Site, writePrivate } from './site.ts';
import { waitFor } from './wait.ts';

const SERVICES_OF: Readonly<Record<PartName, readonly string[]>> = {
  mysql: ['mysql-primary', 'mysql-replica'],
  redis: ['redis'],
  rabbitmq: ['rabbitmq'],
  ceph: ['ceph'],
};

/** Images may have to be fetched first. */
const UP_MS = 900_000;
const DOWN_MS = 120_000;
const READY_MS = 60_000;
const ANSWER_MS = 5_000;

/** True where a Docker engine answers and has the compose plugin. */
export function dockerAnswers(): boolean {
  const succeeds = (...args: string[]): boolean =>
    spawnSync('docker', args, { stdio: 'ignore', timeout: ANSWER_MS }).status === 0;
  return succeeds('info') && succeeds('compose', 'version');
}

export async function composeUp(site: Site, names: readonly PartName[]): Promise<void> {
  // For people who call `docker compose` themselves.
  const lines = Object.entries(environment(site)).map(([name, value]) => `${name}=${value}\n`);
  writePrivate(environmentFile(site), lines.join(''));
  const started = performance.now();
  await compose(site, UP_MS, 'up', '--detach', '--wait', ...servicesOf(names));
  if (names.includes('ceph')) {
    const { s3AccessKey: accessKey, s3SecretKey: secretKey } = site.settings.secrets;
    const login = { port: site.ports.s3, accessKey, secretKey };
    await waitFor('the bucket', () => makeBucket(login, 'mailroom'), { timeoutMs: READY_MS });
  }
  console.log(`${names.join(', ')} ready in ${((performance.now() - started) / 1_000).toFixed(1)} s, in containers`);
}

export async function composeDown(site: Site, names: readonly PartName[], purge: boolean): Promise<void> {
  if (purge) await compose(site, DOWN_MS, 'down', '--volumes', '--remove-orphans');
  else if (names.length === PART_NAMES.length) await compose(site, DOWN_MS, 'down');
  else await compose(site, DOWN_MS, 'stop', ...servicesOf(names));
}

/** Shows the containers. True where every service of the parts is healthy. */
export async function composeStatus(site: Site, names: readonly PartName[]): Promise<boolean> {
  console.log(await compose(site, DOWN_MS, 'ps', '--all', ...servicesOf(names)));
  const ids = (await compose(site, DOWN_MS, 'ps', '--quiet', ...servicesOf(names))).split('\n').filter(Boolean);
  if (ids.length < servicesOf(names).length) return false;
  const health = await execute('docker', ['inspect', '--format', '{{.State.Health.Status}}', ...ids]);
  return health
    .trim()
    .split('\n')
    .every((state) => state === 'healthy');
}

export async function composeLogs(site: Site, names: readonly PartName[], lines: number): Promise<void> {
  console.log(await compose(site, DOWN_MS, 'logs', '--no-color', '--tail', String(lines), ...servicesOf(names)));
}

async function compose(site: Site, timeoutMs: number, ...args: string[]): Promise<string> {
  const file = join(ROOT, 'docker', 'compose.yml');
  const project = `mailroom-${site.settings.basePort}`;
  const head = ['compose', '--project-name', project, '--env-file', environmentFile(site), '--file', file];
  // Docker finds its engine, and people their proxies, by variables of the caller. Of two with one name ours counts.
  const given = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const env = { ...Object.fromEntries(given), ...environment(site) };
  return await execute('docker', [...head, ...args], { env, timeoutMs });
}

function servicesOf(names: readonly PartName[]): string[] {
  return names.flatMap((name) => SERVICES_OF[name]);
}

function environmentFile(site: Site): string {
  return join(site.dir, 'compose.env');
}

/** What `docker/compose.yml` leaves open. */
function environment(site: Site): Record<string, string> {
  const { secrets } = site.settings;
  return {
    MYSQL_PRIMARY_PORT: String(site.ports.mysqlPrimary),
    MYSQL_REPLICA_PORT: String(site.ports.mysqlReplica),
    MYSQL_ADMIN_PASSWORD: secrets.mysqlAdmin,
    MYSQL_PASSWORD: secrets.mysqlUser,
    MYSQL_REPLICATION_PASSWORD: secrets.mysqlReplication,
    REDIS_PORT: String(site.ports.redis),
    REDIS_PASSWORD: secrets.redis,
    AMQP_PORT: String(site.ports.amqp),
    AMQP_PASSWORD: secrets.amqp,
    S3_PORT: String(site.ports.s3),
    S3_ACCESS_KEY: secrets.s3AccessKey,
    S3_SECRET_KEY: secrets.s3SecretKey,
  };
}
