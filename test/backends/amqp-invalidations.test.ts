/** Two nodes over one Redis and one RabbitMQ: what one of them ends, the other does not hold near any longer. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { endCopies } from '../../src/app/storage/invalidations.ts';
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpInvalidations } from '../../src/storage/amqp/invalidations.ts';
import { amqpNames } from '../../src/storage/amqp/names.ts';
import { CachedRecords } from '../../src/storage/cache/cached-records.ts';
import { MemoryCache } from '../../src/storage/embedded/cache/memory-cache.ts';
import type { Records } from '../../src/storage/ports/records.ts';
import { RedisCache } from '../../src/storage/redis/redis-cache.ts';
import { MemoryRecords } from '../contract/memory-records.ts';
import { openRedis } from '../storage/cache-redis.ts';
import { stillHost } from '../storage/cache-support.ts';
import { describeWith } from '../support/back-ends.ts';
import { eventually, TEST_MS, within } from '../support/wait.ts';
import { deleteAll, testPrefix } from './amqp-names.ts';

setDefaultTimeout(TEST_MS);

const EXAMPLE = join(import.meta.dir, '../../examples/invalidation-consumer/main.ts');
const ANN = 'user-ann-000000000001';
const isAny = (): boolean => true;

interface Node extends AsyncDisposable {
  readonly records: CachedRecords;
  readonly invalidations: AmqpInvalidations;
}

/** Listening by the time it is given. */
async function openNode(url: string, prefix: string, origin: string, cache: RedisCache, inner: Records): Promise<Node> {
  // Time stands still near: a copy that goes was ended.
  const near = new MemoryCache({ host: stillHost, maxBytes: 1_000_000 });
  const connection = new AmqpConnection({ url, name: `test: ${origin}` });
  const listening = Promise.withResolvers<void>();
  const invalidations = new AmqpInvalidations({
    connection,
    prefix,
    origin,
    onEnded: (keys) => endCopies([near], keys),
    onListening: listening.resolve,
  });
  await within(`${origin} to listen`, listening.promise);
  const around = { cache, near, host: stillHost, onEnded: (key: string) => invalidations.tell(key) };
  return {
    records: new CachedRecords(inner, { ...around, isUserId: isAny, isUsername: isAny, isRoomId: isAny }),
    invalidations,
    async [Symbol.asyncDispose]() {
      await invalidations.close();
      await connection.close();
    },
  };
}

/** Of whom the store can be made to say something else, as after a write past every cache. */
async function recordsOfAnn(): Promise<{ readonly records: Records; rename(name: string): void }> {
  const inner = new MemoryRecords();
  await inner.createUser({ id: ANN, username: 'ann', passwordHash: 'hash', createdAt: 1 });
  let username = 'ann';
  const records = new Proxy(inner, {
    get(target, name) {
      if (name === 'usersById') return async () => [{ id: ANN, username }];
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return {
    records,
    rename: (name) => {
      username = name;
    },
  };
}

async function nameIn({ records }: Node): Promise<string | undefined> {
  return (await records.usersById([ANN]))[0]?.username;
}

describeWith(['redis', 'rabbitmq'], 'invalidations', (variables) => {
  const { MAILROOM_AMQP_URL: url = '', MAILROOM_REDIS_URL: redisUrl = '' } = variables;

  test('[CACHE27] a near copy ends when another node ends the value, and its own word does not come back', async () => {
    const prefix = testPrefix();
    await using redis = await openRedis(redisUrl);
    const cache = new RedisCache(redis.connection, redis.prefix);
    const { records, rename } = await recordsOfAnn();
    try {
      await using here = await openNode(url, prefix, 'here', cache, records);
      await using there = await openNode(url, prefix, 'there', cache, records);
      expect([await nameIn(here), await nameIn(there), await nameIn(there)]).toEqual(['ann', 'ann', 'ann']);
      rename('anna');
      expect(await nameIn(there)).toBe('ann');
      await here.records.forgetUser(ANN, 'ann');
      const heard = () => there.invalidations.counts.heard;
      await eventually('the other node to hear of both keys', heard, (count) => count === 2);
      expect(await nameIn(there)).toBe('anna');
      expect(await nameIn(here)).toBe('anna');
      // A word of the other one comes after the node's own, which it would have heard before.
      await there.records.forgetUser(ANN, 'anna');
      await eventually(
        'the first node to hear',
        () => here.invalidations.counts.heard,
        (count) => count >= 2,
      );
      expect(here.invalidations.counts.heard).toBe(2);
    } finally {
      await deleteAll(url, prefix, 0);
    }
  });

  test('[CACHE28] without a broker an invalidation is dropped and counted, and no write waits', async () => {
    const connection = new AmqpConnection({ url: 'amqp://127.0.0.1:1', name: 'test: nowhere' });
    const onEnded = (): void => undefined;
    const invalidations = new AmqpInvalidations({ connection, origin: 'alone', onEnded });
    for (let user = 0; user < 2_500; user += 1) invalidations.tell(`user:${user}`);
    await invalidations.close();
    expect(invalidations.counts).toEqual({ told: 0, dropped: 2_500, heard: 0, malformed: 0 });
    await connection.close();
  });

  test('[CACHE29] keys that another program tells end copies, and what is not to be understood is counted', async () => {
    const prefix = testPrefix();
    await using redis = await openRedis(redisUrl);
    const { records, rename } = await recordsOfAnn();
    const program = await connect(url);
    try {
      await using node = await openNode(url, prefix, 'node', new RedisCache(redis.connection, redis.prefix), records);
      expect([await nameIn(node), await nameIn(node)]).toEqual(['ann', 'ann']);
      rename('anna');
      const channel = await program.createChannel();
      const { invalidations: exchange } = amqpNames(prefix);
      const strange = [
        'no JSON',
        '{}',
        '[1]',
        JSON.stringify(['k'.repeat(513)]),
        JSON.stringify(Array(1_001).fill('k')),
      ];
      for (const body of strange) channel.publish(exchange, '', Buffer.from(body));
      channel.publish(exchange, '', Buffer.from(JSON.stringify([`user:${ANN}`])));
      await eventually(
        'the key',
        () => node.invalidations.counts.heard,
        (count) => count === 1,
      );
      expect(node.invalidations.counts.malformed).toBe(strange.length);
      // The near copy is gone; Redis still has its own, which that program would have to remove as well.
      await redis.connection.run('remove the copy', (client) => client.del(`${redis.prefix}:cache:user:${ANN}`));
      expect(await nameIn(node)).toBe('anna');
    } finally {
      await program.close();
      await deleteAll(url, prefix, 0);
    }
  });

  test('[CACHE30] the example that listens prints each key that a write ends', async () => {
    const prefix = testPrefix();
    const connection = new AmqpConnection({ url, name: 'test: example' });
    const listening = Promise.withResolvers<void>();
    const invalidations = new AmqpInvalidations({
      connection,
      prefix,
      origin: 'node',
      onEnded: () => undefined,
      onListening: listening.resolve,
    });
    const env = { PATH: process.env.PATH ?? '', MAILROOM_AMQP_URL: url, MAILROOM_NAMESPACE: prefix };
    const example = Bun.spawn([process.execPath, EXAMPLE], { env, stdout: 'pipe', stderr: 'pipe' });
    try {
      await within('the node to listen', listening.promise);
      const word = await within('a word of the example', example.stderr.getReader().read());
      expect(new TextDecoder().decode(word.value)).toBe(`listening on ${prefix}.invalidate\n`);
      for (const key of ['user:a', 'name:ann', 'user:a']) invalidations.tell(key);
      const output = await within('the keys', example.stdout.getReader().read());
      expect(new TextDecoder().decode(output.value)).toStartWith('user:a\n');
      await eventually(
        'the broker to confirm',
        () => invalidations.counts.told,
        (count) => count === 2,
      );
      example.kill('SIGTERM');
      expect(await within('the example to end', example.exited)).toBe(0);
    } finally {
      example.kill('SIGKILL');
      await invalidations.close();
      await connection.close();
      await deleteAll(url, prefix, 0);
    }
  });
});
