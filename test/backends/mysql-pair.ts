/** A primary and a replica of one suite's own, which it may kill, freeze and promote. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mysql } from '../../scripts/services/mysql.ts';
import { createSite } from '../../scripts/services/site.ts';
import { openPool, type SqlPool } from '../../src/storage/mysql/pool.ts';
import { freeBasePort } from '../services/free-base-port.ts';

export interface MysqlPair extends AsyncDisposable {
  readonly primary: PairServer;
  readonly replica: PairServer;
}

export interface PairServer {
  /** The engine's own user and the database `mailroom`. */
  readonly url: string;
  /** With every privilege. */
  readonly adminUrl: string;
  /** Runs a statement with every privilege. */
  admin(sql: string): Promise<void>;
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Starts it again after it was killed; it follows or leads as its own configuration says. */
  start(): Promise<void>;
}

export async function startPair(): Promise<MysqlPair> {
  const dir = mkdtempSync(join(tmpdir(), 'mailroom-pair-'));
  const site = createSite(dir, await freeBasePort(), () => 'processes');
  const part = mysql(site);
  const [primaryDaemon, replicaDaemon] = part.daemons;
  if (primaryDaemon === undefined || replicaDaemon === undefined) throw new Error('a pair has two servers');
  const stopAll = (): Promise<unknown> => Promise.all([primaryDaemon.stop(0), replicaDaemon.stop(0)]);

  try {
    await part.install();
    await part.start();
  } catch (error) {
    await stopAll();
    throw error;
  }
  const { MAILROOM_MYSQL_URL = '', MAILROOM_MYSQL_REPLICA_URLS = '' } = part.variables();
  const server = (daemon: typeof primaryDaemon, url: string): PairServer => {
    const adminUrl = url.replace(/\/\/[^@]*@/, `//admin:${site.settings.secrets.mysqlAdmin}@`);
    const signal = (name: NodeJS.Signals): void => void process.kill(daemon.mustRun(), name);
    return {
      url,
      adminUrl,
      admin: (sql) => withPool(adminUrl, async (pool) => void (await pool.run(sql, [], { prepared: false }))),
      kill: () => daemon.stop(0),
      freeze: () => signal('SIGSTOP'),
      thaw: () => signal('SIGCONT'),
      start: async () => void (await daemon.start()),
    };
  };
  return {
    primary: server(primaryDaemon, MAILROOM_MYSQL_URL),
    replica: server(replicaDaemon, MAILROOM_MYSQL_REPLICA_URLS),
    async [Symbol.asyncDispose]() {
      await stopAll();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function withPool<T>(url: string, work: (pool: SqlPool) => Promise<T>): Promise<T> {
  const pool = openPool(url, { role: 'any', maxConnections: 1, queryMs: 30_000 });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}
