/** RabbitMQ: one node with a name server (epmd) of its own, so that no other Erlang node of the machine is met. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeAmqp } from './amqp.ts';
import { Daemon } from './daemon.ts';
import type { Part } from './part.ts';
import { type Site, writePrivate } from './site.ts';
import { waitFor } from './wait.ts';

/** The directory of the scripts themselves: those in the path insist on the packages' own user and directories. */
const SCRIPTS = '/usr/lib/rabbitmq/bin';

const READY_MS = 80_000;

const USER = 'mailroom';
const VHOST = 'mailroom';

export function rabbitmq(site: Site): Part {
  const dir = join(site.dir, 'rabbitmq');
  const { amqp, epmd, erlang } = site.ports;
  const password = site.settings.secrets.amqp;
  const names = new Daemon({
    name: 'epmd',
    siteDir: site.dir,
    command: ['epmd', '-port', String(epmd), '-address', '127.0.0.1'],
    ports: [epmd],
    graceMs: 5_000,
  });
  const broker = new Daemon({
    name: 'rabbitmq',
    siteDir: site.dir,
    command: [join(SCRIPTS, 'rabbitmq-server')],
    env: rabbitmqEnvironment(site),
    ports: [amqp, erlang],
    graceMs: 30_000,
  });

  const probe = (): Promise<void> => probeAmqp({ port: amqp, user: USER, password, vhost: VHOST });

  return {
    name: 'rabbitmq',
    programs: { [join(SCRIPTS, 'rabbitmq-server')]: 'rabbitmq-server', epmd: 'erlang-base', erl: 'erlang-base' },
    daemons: [names, broker],
    install: () => {
      for (const name of ['mnesia', 'logs']) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 });
      writePrivate(join(dir, '.erlang.cookie'), site.settings.secrets.erlangCookie);
      writePrivate(join(dir, 'rabbitmq.conf'), configuration(site.dir, dir, amqp));
      writePrivate(join(dir, 'definitions.json'), definitions(password));
      writePrivate(join(dir, 'enabled_plugins'), '[].\n');
      writePrivate(join(dir, 'environment'), '');
    },
    start: async () => {
      await names.start();
      await broker.start();
      await waitFor('rabbitmq to answer', probe, { timeoutMs: READY_MS, stillPossible: () => broker.mustRun() });
    },
    probe,
    variables: () => ({ MAILROOM_AMQP_URL: `amqp://${USER}:${password}@127.0.0.1:${amqp}/${VHOST}` }),
  };
}

/** What the broker and its tools (`rabbitmqctl` and others in the same directory) need to find this node, and only it. */
export function rabbitmqEnvironment(site: Site): Record<string, string> {
  const dir = join(site.dir, 'rabbitmq');
  const { epmd, erlang, erlangTools } = site.ports;
  return {
    HOME: dir,
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: 'mailroom@localhost',
    RABBITMQ_CONF_ENV_FILE: join(dir, 'environment'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dir, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dir, 'logs'),
    RABBITMQ_PID_FILE: join(dir, 'broker.pid'),
    RABBITMQ_DIST_PORT: String(erlang),
    RABBITMQ_CTL_DIST_PORT_MIN: String(erlangTools[0]),
    RABBITMQ_CTL_DIST_PORT_MAX: String(erlangTools[1]),
    // With this the script becomes the broker instead of watching over it, so that the process known is the broker.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}',
  };
}

function configuration(siteDir: string, dir: string, port: number): string {
  return `listeners.tcp.local = 127.0.0.1:${port}
load_definitions = ${join(dir, 'definitions.json')}
log.dir = ${join(siteDir, 'logs')}
log.file = rabbitmq.log
log.console = false
# A share of a developer's machine, not all of it.
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
`;
}

/** Read at every start, before the broker listens, so that the user is there as soon as anybody can log in. */
function definitions(password: string): string {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return JSON.stringify({
    users: [
      {
        name: USER,
        password_hash: Buffer.concat([salt, hash]).toString('base64'),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: 'administrator',
      },
    ],
    vhosts: [{ name: VHOST }],
    permissions: [{ user: USER, vhost: VHOST, configure: '.*', write: '.*', read: '.*' }],
  });
}
