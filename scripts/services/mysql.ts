/** MySQL: a MariaDB primary and one replica that follows it by GTID, semi-synchronously. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { execute } from './execute.ts';
import {
  configFile,
  followStatement,
  initStatements,
  primaryOf,
  replicaOf,
  type Server,
  serverConfiguration,
} from './mysql-config.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';
import { type Site, writePrivate } from './site.ts';
import { waitFor } from './wait.ts';

/** Recovery after a crash reads the logs of both servers. */
const READY_MS = 60_000;

export function mysql(site: Site): Part {
  const primary = primaryOf(site);
  const replica = replicaOf(site);
  const primaryDaemon = daemonOf(site, primary);
  const replicaDaemon = daemonOf(site, replica);
  const login = (name: string, password: string, { port }: Server): string =>
    `mysql://${name}:${password}@127.0.0.1:${port}/mailroom`;

  async function answers(server: Server): Promise<void> {
    await query(site, server, 'SELECT 1');
  }

  async function replicates(): Promise<void> {
    const status = await replicaStatus(site, replica);
    const threads = [status.Slave_IO_Running, status.Slave_SQL_Running];
    if (threads.every((running) => running === 'Yes')) return;
    const reason = status.Last_IO_Error || status.Last_SQL_Error || `its threads run: ${threads.join(', ')}`;
    throw new Problem(`the replica does not follow: ${reason}`);
  }

  return {
    name: 'mysql',
    programs: {
      mariadbd: 'mariadb-server',
      'mariadb-install-db': 'mariadb-server',
      mariadb: 'mariadb-client',
    },
    daemons: [primaryDaemon, replicaDaemon],
    install: async () => {
      await installData(primary, replica);
      for (const server of [primary, replica]) {
        writePrivate(configFile(server), serverConfiguration(server));
        writePrivate(join(server.dir, 'init.sql'), initStatements(site));
      }
    },
    start: async () => {
      const bring = async (daemon: Daemon, server: Server): Promise<void> => {
        await daemon.start();
        const stillPossible = (): number => daemon.mustRun();
        await waitFor(`${server.name} to answer`, () => answers(server), { timeoutMs: READY_MS, stillPossible });
      };
      await Promise.all([bring(primaryDaemon, primary), bring(replicaDaemon, replica)]);
      await follow(site, replica);
      await waitFor('replication', replicates, { timeoutMs: READY_MS });
      await waitFor('semi-synchronous replication', () => isSemiSynchronous(site, primary), { timeoutMs: READY_MS });
    },
    probe: async () => {
      await Promise.all([answers(primary), replicates()]);
    },
    variables: () => ({
      MAILROOM_MYSQL_URL: login('mailroom', site.settings.secrets.mysqlUser, primary),
      MAILROOM_MYSQL_REPLICA_URLS: login('mailroom', site.settings.secrets.mysqlUser, replica),
    }),
  };
}

/** Runs statements as the administrator. Rows come as lines, columns divided by tabs. */
async function query(site: Site, server: Server, sql: string, ...options: string[]): Promise<string> {
  const args = ['--no-defaults', '--host=127.0.0.1', `--port=${server.port}`, '--user=admin', '--batch', ...options];
  const env = { MYSQL_PWD: site.settings.secrets.mysqlAdmin };
  return await execute('mariadb', args, { env, input: sql, timeoutMs: 15_000 });
}

function daemonOf(site: Site, server: Server): Daemon {
  const command = ['mariadbd', `--defaults-file=${configFile(server)}`];
  // The server refuses to be root unless it is told to; it listens on this machine only, below a private directory.
  if (process.getuid?.() === 0) command.push('--user=root');
  return new Daemon({ name: server.name, siteDir: site.dir, command, ports: [server.port], graceMs: 30_000 });
}

/**
 * Makes the system tables once and copies them: two fresh servers that have the same history, which is none. Whatever a
 * cut-off run left without the mark was never started and is made anew.
 */
async function installData(primary: Server, replica: Server): Promise<void> {
  for (const server of [primary, replica]) mkdirSync(server.dir, { recursive: true, mode: 0o700 });
  const [data, copy] = [join(primary.dir, 'data'), join(replica.dir, 'data')];
  const mark = join(primary.dir, 'created');
  if (existsSync(mark)) {
    const lost = [data, copy].find((path) => !existsSync(path));
    if (lost !== undefined) throw new Problem(`${lost} is gone: bring it back, or purge the services`);
    return;
  }
  rmSync(data, { recursive: true, force: true });
  rmSync(copy, { recursive: true, force: true });
  const options = ['--no-defaults', `--datadir=${data}`, '--auth-root-socket-user=root', '--skip-test-db'];
  if (process.getuid?.() === 0) options.push('--user=root');
  await execute('mariadb-install-db', options);
  await cp(data, copy, { recursive: true, preserveTimestamps: true });
  writePrivate(mark, '');
}

/** Points the replica at the primary where that was not done yet, and lets it go on where it had stopped. */
async function follow(site: Site, replica: Server): Promise<void> {
  const status = await replicaStatus(site, replica);
  if (status.Master_Port === undefined) await query(site, replica, followStatement(site));
  if (status.Slave_IO_Running !== 'Yes' || status.Slave_SQL_Running !== 'Yes') {
    await query(site, replica, 'START SLAVE');
  }
}

/** The fields of `SHOW SLAVE STATUS`; none where the server follows nobody. */
async function replicaStatus(site: Site, replica: Server): Promise<Readonly<Record<string, string | undefined>>> {
  const [names, values] = (await query(site, replica, 'SHOW SLAVE STATUS')).split('\n');
  if (!names || values === undefined) return {};
  const columns = values.split('\t');
  return Object.fromEntries(names.split('\t').map((name, index) => [name, columns[index]]));
}

async function isSemiSynchronous(site: Site, primary: Server): Promise<void> {
  const sql = "SHOW STATUS LIKE 'Rpl_semi_sync_master_status'";
  const row = await query(site, primary, sql, '--skip-column-names');
  if (!row.includes('ON')) throw new Problem(`the primary does not wait for the replica: ${row.trim()}`);
}
