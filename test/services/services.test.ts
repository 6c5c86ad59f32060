/**
 * `services` with the real back ends, in a directory and on ports of its own. It installs packages and takes a minute or
 * two, so it runs where MAILROOM_TEST_SERVICES=1 asks for it; elsewhere this file holds no test.
 */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, SQL } from 'bun';
import { execute } from '../../scripts/services/execute.ts';
import { rabbitmqEnvironment } from '../../scripts/services/rabbitmq.ts';
import { openSite } from '../../scripts/services/site.ts';
import type { PartStatus } from '../../scripts/services/status.ts';
import { eventually } from '../support/wait.ts';
import { freeBasePort } from './free-base-port.ts';

const ROOT = join(import.meta.dir, '../..');
const TEST_MS = 600_000;

if (process.env.MAILROOM_TEST_SERVICES === '1') {
  const parent = mkdtempSync(join(tmpdir(), 'mailroom-services-'));
  const dir = join(parent, 'site');
  let basePort: number;

  async function services(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
    // By the launcher, as a person does: what it starts has to outlive that too.
    const child = Bun.spawn(['node', join(ROOT, 'bin/mailroom.mjs'), 'services', ...words, '--dir', dir], {
      stdout: 'pipe',
      stderr: 'pipe',
    });
    const [output, errors, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { code, output, errors };
  }

  async function succeeds(...words: string[]): Promise<string> {
    const { code, output, errors } = await services(...words);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    return output;
  }

  async function statuses(): Promise<PartStatus[]> {
    return JSON.parse((await services('status', '--json')).output) as PartStatus[];
  }

  async function pids(): Promise<Map<string, number>> {
    const daemons = (await statuses()).flatMap((status) => status.daemons);
    return new Map(daemons.flatMap(({ name, pid }): [string, number][] => (pid === undefined ? [] : [[name, pid]])));
  }

  async function variables(): Promise<Record<string, string>> {
    return JSON.parse(await succeeds('env', '--json')) as Record<string, string>;
  }

  async function rabbitmqctl(...words: string[]): Promise<string> {
    const site = openSite(dir);
    if (site === undefined) throw new Error('no site');
    return await execute('/usr/lib/rabbitmq/bin/rabbitmqctl', words, { env: rabbitmqEnvironment(site) });
  }

  /** Processes whose command line or working directory names the site. */
  function processesOfSite(): string[] {
    const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return numbers.flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return command.includes(dir) || environment.includes(dir) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
  }

  async function query(url: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
    const client = new SQL({ url: url ?? '', adapter: 'mysql', max: 1 });
    try {
      return (await client.unsafe(sql)) as Record<string, unknown>[];
    } finally {
      await client.close();
    }
  }

  async function redisCli(...words: string[]): Promise<string> {
    const url = new URL((await variables()).MAILROOM_REDIS_URL ?? '');
    const env = { REDISCLI_AUTH: url.password };
    return (await execute('redis-cli', ['-h', url.hostname, '-p', url.port, ...words], { env })).trim();
  }

  async function s3(): Promise<S3Client> {
    const env = await variables();
    return new S3Client({
      endpoint: env.MAILROOM_S3_URL ?? '',
      bucket: env.MAILROOM_S3_BUCKET ?? '',
      accessKeyId: env.MAILROOM_S3_ACCESS_KEY ?? '',
      secretAccessKey: env.MAILROOM_S3_SECRET_KEY ?? '',
    });
  }

  async function expectKept(): Promise<void> {
    const env = await variables();
    const rows = 'SELECT text FROM kept';
    expect(await query(env.MAILROOM_MYSQL_URL, rows)).toEqual([{ text: 'row' }]);
    expect(await query(env.MAILROOM_MYSQL_REPLICA_URLS, rows)).toEqual([{ text: 'row' }]);
    expect(await redisCli('GET', 'kept')).toBe('value');
    expect(await rabbitmqctl('list_queues', '-q', '-p', 'mailroom', '--no-table-headers', 'name')).toContain('kept');
    expect(await (await s3()).file('kept').text()).toBe('object');
  }

  beforeAll(async () => {
    basePort = await freeBasePort();
  });

  afterAll(async () => {
    await services('down');
    rmSync(parent, { recursive: true, force: true });
  }, TEST_MS);

  test(
    '[SVC7] up brings up what it is asked for, then the rest, and says when each is ready',
    async () => {
      const some = await succeeds('up', 'redis', '--base-port', String(basePort));
      expect(some).toMatch(/^redis +ready in \d+\.\d s/);
      expect((await statuses()).map(({ part, usable }) => [part, usable])).toEqual([['redis', true]]);
      const all = await succeeds('up');
      for (const part of ['mysql', 'rabbitmq', 'ceph']) expect(all).toMatch(new RegExp(`^${part} +ready in`, 'm'));
      expect(all).toMatch(/^redis +already runs$/m);
    },
    TEST_MS,
  );

  test(
    '[SVC7] a second up changes no process, and status exits with 0',
    async () => {
      const before = await pids();
      const output = await succeeds('up');
      expect(
        output
          .trim()
          .split('\n')
          .every((line) => line.endsWith('already runs')),
      ).toBe(true);
      expect(await pids()).toEqual(before);
      expect(await succeeds('status')).toMatch(new RegExp(`^mysql +mysql-primary +up +\\d+ +${basePort} `, 'm'));
    },
    TEST_MS,
  );

  test(
    '[SVC8] secrets can be read by their owner only, and another base port is refused',
    async () => {
      expect(statSync(dir).mode & 0o777).toBe(0o700);
      expect(statSync(join(dir, 'settings.json')).mode & 0o777).toBe(0o600);
      const { code, errors } = await services('up', '--base-port', String(basePort - 100));
      expect(code).toBe(1);
      expect(errors).toContain(`have the base port ${basePort} for good`);
    },
    TEST_MS,
  );

  test(
    '[SVC9] env prints the variables for a shell',
    async () => {
      const expected = await variables();
      const shell = `eval "$1"; printf '%s\\n' "$MAILROOM_MYSQL_URL" "$MAILROOM_AMQP_URL" "$MAILROOM_S3_BUCKET"`;
      const printed = await execute('sh', ['-c', shell, 'sh', await succeeds('env')]);
      const names = ['MAILROOM_MYSQL_URL', 'MAILROOM_AMQP_URL', 'MAILROOM_S3_BUCKET'];
      expect(printed.trim().split('\n')).toEqual(names.map((name) => expected[name] ?? ''));
    },
    TEST_MS,
  );

  test(
    '[SVC10] a row of the primary is read from the replica once that has its GTID; writing there is refused',
    async () => {
      const { MAILROOM_MYSQL_URL: primary, MAILROOM_MYSQL_REPLICA_URLS: replica } = await variables();
      await query(primary, 'CREATE TABLE kept (text VARCHAR(20))');
      await query(primary, "INSERT INTO kept VALUES ('row')");
      const [position] = await query(primary, 'SELECT @@gtid_binlog_pos AS gtid');
      expect(position?.gtid).toMatch(/^0-1-\d+$/);
      await query(replica, `SELECT MASTER_GTID_WAIT('${position?.gtid}', 10)`);
      expect(await query(replica, 'SELECT text FROM kept')).toEqual([{ text: 'row' }]);
      await expect(query(replica, "INSERT INTO kept VALUES ('astray')")).rejects.toThrow(/read.only/i);
    },
    TEST_MS,
  );

  test(
    '[SVC10] the primary is strict and answers only after the replica has a transaction',
    async () => {
      const { MAILROOM_MYSQL_URL: primary } = await variables();
      const [settings] = await query(primary, 'SELECT @@rpl_semi_sync_master_wait_point AS point, @@sql_mode AS mode');
      expect(settings).toEqual({ point: 'AFTER_SYNC', mode: expect.stringContaining('STRICT_ALL_TABLES') });
      const state = await query(primary, "SHOW STATUS LIKE 'Rpl_semi_sync_master_status'");
      expect(state).toEqual([{ Variable_name: 'Rpl_semi_sync_master_status', Value: 'ON' }]);
      const long = `INSERT INTO kept VALUES ('${'x'.repeat(21)}')`;
      await expect(query(primary, long)).rejects.toThrow('Data too long');
    },
    TEST_MS,
  );

  test(
    '[SVC11] each part that is killed comes back with its data',
    async () => {
      await redisCli('SET', 'kept', 'value');
      const declare =
        'rabbit_amqqueue:declare(rabbit_misc:r(<<"mailroom">>, queue, <<"kept">>), true, false, [], none, <<"t">>).';
      await rabbitmqctl('eval', declare);
      await (await s3()).file('kept').write('object');
      for (const name of (await pids()).keys()) {
        // Asked anew each time: the gateway, for one, is started again with the storage daemon.
        const pid = (await pids()).get(name) ?? expect.unreachable(`${name} does not run`);
        process.kill(pid, 'SIGKILL');
        await eventually(`${name} to be down`, pids, (running) => !running.has(name));
        expect((await services('status')).code).toBe(3);
        await succeeds('up');
        expect((await pids()).get(name)).not.toBe(pid);
      }
      await expectKept();
    },
    TEST_MS,
  );

  test(
    '[SVC11] all parts killed at once come back with their data',
    async () => {
      for (const pid of (await pids()).values()) process.kill(pid, 'SIGKILL');
      await eventually('all to be down', pids, (running) => running.size === 0);
      await succeeds('up');
      await expectKept();
    },
    TEST_MS,
  );

  test(
    '[SVC12] down leaves the data and no process',
    async () => {
      await succeeds('down');
      await eventually('no process', processesOfSite, (left) => left.length === 0);
      expect((await services('status')).code).toBe(3);
      await succeeds('up');
      await expectKept();
    },
    TEST_MS,
  );

  test(
    '[SVC12] down --purge leaves nothing',
    async () => {
      await succeeds('down', '--purge');
      expect(processesOfSite()).toEqual([]);
      expect(existsSync(dir)).toBe(false);
      expect((await services('status')).code).toBe(1);
    },
    TEST_MS,
  );
}
