/** Redis: one server with a password. It never evicts, as the engine keeps its directory there, and it logs what it is told. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from './daemon.ts';
import { execute } from './execute.ts';
import type { Part } from './part.ts';
import { Problem } from './problem.ts';
import { type Site, writePrivate } from './site.ts';
import { waitFor } from './wait.ts';

const READY_MS = 30_000;

export function redis(site: Site): Part {
  const dir = join(site.dir, 'redis');
  const configFile = join(dir, 'redis.conf');
  const port = site.ports.redis;
  const password = site.settings.secrets.redis;
  const daemon = new Daemon({
    name: 'redis',
    siteDir: site.dir,
    command: ['redis-server', configFile],
    ports: [port],
    graceMs: 10_000,
  });

  async function probe(): Promise<void> {
    const args = ['-h', '127.0.0.1', '-p', String(port), 'PING'];
    const answer = await execute('redis-cli', args, { env: { REDISCLI_AUTH: password }, timeoutMs: 5_000 });
    if (answer.trim() !== 'PONG') throw new Problem(`redis answered ${answer.trim()}`);
  }

  return {
    name: 'redis',
    programs: { 'redis-server': 'redis-server', 'redis-cli': 'redis-tools' },
    daemons: [daemon],
    install: () => {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      writePrivate(configFile, configuration(dir, port, password));
    },
    start: async () => {
      await daemon.start();
      await waitFor('redis to answer', probe, { timeoutMs: READY_MS, stillPossible: () => daemon.mustRun() });
    },
    probe,
    variables: () => ({ MAILROOM_REDIS_URL: `redis://:${password}@127.0.0.1:${port}/0` }),
  };
}

function configuration(dir: string, port: number, password: string): string {
  return `bind 127.0.0.1
port ${port}
protected-mode yes
requirepass ${password}
daemonize no
dir "${dir}"
# A full memory is an error for the writer. An eviction would be a silent loss of the cluster's directory.
maxmemory 512mb
maxmemory-policy noeviction
# The log of commands outlives a killed process; snapshots would only add work.
appendonly yes
appendfsync everysec
save ""
`;
}
