/** Redis for the tests of the cache: keys of each test's own, and connections that suit a busy machine. */
import { nanoid } from 'nanoid';
import { realHost } from '../../src/app/host.ts';
import { RedisConnection, type RedisConnectionOptions } from '../../src/storage/redis/connection.ts';

export interface TestRedis extends AsyncDisposable {
  readonly connection: RedisConnection;
  /** Of the keys of this test alone. They are gone afterwards. */
  readonly prefix: string;
}

/** Longer than a machine is busy: here it only bounds a failure. */
export const PATIENT_MS = 30_000;

export async function openRedis(url: string, options: Partial<RedisConnectionOptions> = {}): Promise<TestRedis> {
  const connection = new RedisConnection({ url, host: realHost, commandMs: PATIENT_MS, ...options });
  await connection.ready(PATIENT_MS);
  const prefix = `mailroom-test:${nanoid()}`;
  return {
    connection,
    prefix,
    async [Symbol.asyncDispose]() {
      await removeKeys(connection, prefix);
      connection.close();
    },
  };
}

async function removeKeys(connection: RedisConnection, prefix: string): Promise<void> {
  let cursor = '0';
  do {
    const [next, keys] = await connection.run('find keys', (client) =>
      client.scan(cursor, 'MATCH', `${prefix}:*`, 'COUNT', 1_000),
    );
    if (keys.length > 0) await connection.run('remove keys', (client) => client.unlink(...keys));
    cursor = next;
  } while (cursor !== '0');
}
