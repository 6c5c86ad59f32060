/** A full set of real back ends of one suite's own, each of which can be killed, paused, made slow, and brought back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Daemon } from '../../../scripts/services/daemon.ts';
import { PART_NAMES, type Part, type PartName } from '../../../scripts/services/part.ts';
import { partsOf } from '../../../scripts/services/parts.ts';
import { createSite, parseBasePort } from '../../../scripts/services/site.ts';
import { waitFor } from '../../../scripts/services/wait.ts';
import { freeBasePort } from '../../services/free-base-port.ts';
import { type SlowProxy, slowProxy } from '../../support/slow-proxy.ts';

/** The back ends of the outage table. */
export const TARGETS = ['redis', 'rabbitmq', 'mysql-primary', 'mysql-replica', 'ceph'] as const;
export type Target = (typeof TARGETS)[number];

/** What a back end has to be able to do again: a broker that recovers its queues on a busy machine takes its time. */
const BACK_MS = 120_000;

const VARIABLES: Readonly<Record<Target, string>> = {
  redis: 'MAILROOM_REDIS_URL',
  rabbitmq: 'MAILROOM_AMQP_URL',
  'mysql-primary': 'MAILROOM_MYSQL_URL',
  'mysql-replica': 'MAILROOM_MYSQL_REPLICA_URLS',
  ceph: 'MAILROOM_S3_URL',
};

export interface BackEnds extends AsyncDisposable {
  /** The engine's variables, as they are. */
  readonly variables: Readonly<Record<string, string>>;
  /** The engine's variables, every address by way of its proxy. */
  readonly slowable: Readonly<Record<string, string>>;
  /** SIGKILL, to all of its processes. */
  kill(target: Target): Promise<void>;
  /** SIGSTOP, to all of its processes. */
  pause(target: Target): void;
  /** Holds back every byte each way: milliseconds. Only for those who come through the proxies. */
  slow(target: Target, delayMs: number): void;
  /** Undoes all of these, for all of them, and resolves once every back end answers its clients. */
  restore(): Promise<void>;
}

export async function startBackEnds(): Promise<BackEnds> {
  const dir = mkdtempSync(join(tmpdir(), 'mailroom-outages-'));
  // A machine on which ports are given out names the block; elsewhere one is found.
  const named = process.env.MAILROOM_TEST_BASE_PORT;
  const site = createSite(dir, named === undefined ? await freeBasePort() : parseBasePort(named), () => 'processes');
  const parts = partsOf(site, PART_NAMES);
  const end = async (): Promise<void> => {
    await Promise.all(parts.flatMap((part) => part.daemons.map((daemon) => daemon.stop(0))));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(parts.map(bringUp));
  } catch (error) {
    await end();
    throw error;
  }
  const variables: Record<string, string> = Object.assign({}, ...parts.map((part) => part.variables()));
  const proxies = new Map<Target, SlowProxy>();
  for (const target of TARGETS) proxies.set(target, await slowProxy(variables[VARIABLES[target]] ?? ''));
  const slowable = { ...variables };
  for (const [target, proxy] of proxies) {
    slowable[VARIABLES[target]] = proxy.through(variables[VARIABLES[target]] ?? '');
  }
  const daemons = (target: Target): readonly Daemon[] => daemonsOf(target, parts);
  return {
    variables,
    slowable,
    async kill(target) {
      await Promise.all(daemons(target).map((daemon) => daemon.stop(0)));
    },
    pause(target) {
      for (const daemon of daemons(target)) process.kill(daemon.mustRun(), 'SIGSTOP');
    },
    slow: (target, delayMs) => proxies.get(target)?.delay(delayMs),
    async restore() {
      for (const proxy of proxies.values()) proxy.delay(0);
      for (const target of TARGETS) for (const daemon of daemons(target)) goOn(daemon);
      await Promise.all(parts.map(bringBack));
    },
    async [Symbol.asyncDispose]() {
      for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]();
      await end();
    },
  };
}

async function bringUp(part: Part): Promise<void> {
  await part.install();
  await part.start();
  await part.probe();
}

/** What runs already is left alone; what was stopped may need a moment before it answers. */
async function bringBack(part: Part): Promise<void> {
  await waitFor(`${part.name} to be back`, () => part.start(), { timeoutMs: BACK_MS });
  await waitFor(`${part.name} to answer`, () => part.probe(), { timeoutMs: BACK_MS });
}

function goOn(daemon: Daemon): void {
  const pid = daemon.pid();
  if (pid !== undefined) process.kill(pid, 'SIGCONT');
}

function daemonsOf(target: Target, parts: readonly Part[]): readonly Daemon[] {
  const of = (name: PartName): readonly Daemon[] => parts.find((part) => part.name === name)?.daemons ?? [];
  if (target === 'ceph') return of('ceph');
  if (target === 'redis') return of('redis');
  // Erlang's name server belongs to the machine more than to the broker: it stays.
  if (target === 'rabbitmq') return of('rabbitmq').filter(({ name }) => name === 'rabbitmq');
  return of('mysql').filter(({ name }) => name === target);
}
