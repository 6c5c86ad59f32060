/**
 * The real back ends for tests: those of `npm run services -- up`, or whatever the `MAILROOM_*` variables name.
 *
 * A suite that needs some of them is registered with `describeWith`. Where they are not up it is reported as skipped, with
 * the command that brings them up; in CI it fails instead.
 */

import { describe, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dir, '../..');
const SERVICES_DIR = join(ROOT, '.services');
const COMMAND = 'npm run services -- up';

/** What a suite may need, and the variables that then are set. */
const VARIABLES = {
  mysql: ['MAILROOM_MYSQL_URL', 'MAILROOM_MYSQL_REPLICA_URLS'],
  redis: ['MAILROOM_REDIS_URL'],
  rabbitmq: ['MAILROOM_AMQP_URL'],
  ceph: ['MAILROOM_S3_URL', 'MAILROOM_S3_BUCKET', 'MAILROOM_S3_ACCESS_KEY', 'MAILROOM_S3_SECRET_KEY'],
} as const;

export type BackEnd = keyof typeof VARIABLES;
export type BackEndVariables = Readonly<Record<string, string>>;

interface PartStatus {
  readonly part: string;
  readonly usable: boolean;
}

let known: { readonly variables: BackEndVariables; readonly up: ReadonlySet<string> } | undefined;

/** Registers the tests if all of these back ends are up. `define` gets their `MAILROOM_*` variables. */
export function describeWith(
  backEnds: readonly BackEnd[],
  title: string,
  define: (variables: BackEndVariables) => void,
): void {
  known ??= look();
  const { variables, up } = known;
  const missing = backEnds.filter((backEnd) => !up.has(backEnd));
  if (missing.length === 0) {
    const names = backEnds.flatMap((backEnd): readonly string[] => VARIABLES[backEnd]);
    const wanted = Object.fromEntries(names.map((name) => [name, variables[name] ?? '']));
    describe(title, () => define(wanted));
    return;
  }
  const text = `${title}: needs ${missing.join(', ')}: ${COMMAND}`;
  if (process.env.CI === 'true') {
    test(text, () => {
      throw new Error(`${missing.join(', ')} must be up in CI`);
    });
    return;
  }
  test.skip(text, () => undefined);
}

/** Asked once for all suites of a process. */
function look(): { readonly variables: BackEndVariables; readonly up: ReadonlySet<string> } {
  if (!existsSync(SERVICES_DIR)) return { variables: {}, up: new Set() };
  const variables = servicesCommand('env') as BackEndVariables;
  const parts = servicesCommand('status') as readonly PartStatus[];
  return { variables, up: new Set(parts.filter(({ usable }) => usable).map(({ part }) => part)) };
}

function servicesCommand(verb: 'env' | 'status'): unknown {
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/services.ts'), verb, '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}
