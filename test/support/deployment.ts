/** A deployment of one test's own on shared back ends: a database, and names in Redis and RabbitMQ, all gone at its end. */
import { realHost } from '../../src/app/host.ts';
import { RedisConnection } from '../../src/storage/redis/connection.ts';
import { deleteAll, testPrefix } from '../backends/amqp-names.ts';
import { makeDatabase } from '../backends/mysql-database.ts';
import type { BackEnd, BackEndVariables } from './back-ends.ts';

export interface Deployment extends AsyncDisposable {
  /** For the engine. */
  readonly env: Readonly<Record<string, string>>;
  readonly namespace: string;
}

const PARTITIONS = 4;

/** `variables` are those of the back ends that are used. */
export async function makeDeployment(
  variables: BackEndVariables,
  backEnds: readonly BackEnd[] = ['mysql', 'redis', 'rabbitmq', 'ceph'],
): Promise<Deployment> {
  const namespace = testPrefix();
  const ends: (() => Promise<void>)[] = [];
  const env: Record<string, string> = { MAILROOM_NAMESPACE: namespace, MAILROOM_LOG_PARTITIONS: String(PARTITIONS) };
  const use = (...names: readonly string[]): void => {
    for (const name of names) env[name] = variables[name] ?? '';
  };
  if (backEnds.includes('mysql')) {
    const database = await makeDatabase(variables.MAILROOM_MYSQL_URL ?? '', 'deployment');
    env.MAILROOM_MYSQL_URL = database.url;
    env.MAILROOM_MYSQL_REPLICA_URLS = database.at(variables.MAILROOM_MYSQL_REPLICA_URLS ?? '');
    ends.push(async () => await database[Symbol.asyncDispose]());
  }
  if (backEnds.includes('redis')) {
    use('MAILROOM_REDIS_URL');
    ends.push(() => forgetKeys(env.MAILROOM_REDIS_URL ?? '', namespace));
  }
  if (backEnds.includes('rabbitmq')) {
    use('MAILROOM_AMQP_URL');
    ends.push(() => deleteAll(env.MAILROOM_AMQP_URL ?? '', namespace, PARTITIONS));
  }
  if (backEnds.includes('ceph')) {
    use('MAILROOM_S3_URL', 'MAILROOM_S3_BUCKET', 'MAILROOM_S3_ACCESS_KEY', 'MAILROOM_S3_SECRET_KEY');
  }
  return {
    env,
    namespace,
    async [Symbol.asyncDispose]() {
      for (const end of ends) await end();
    },
  };
}

async function forgetKeys(url: string, namespace: string): Promise<void> {
  const connection = new RedisConnection({ url, host: realHost });
  await connection.ready(20_000);
  await connection.run('forget what a test has left', async (client) => {
    for await (const keys of client.scanStream({ match: `${namespace}:*`, count: 1_000 })) {
      if ((keys as string[]).length > 0) await client.del(keys as string[]);
    }
  });
  connection.close();
}
