/** The index of sessions in Redis: which devices are there, and when the others were, over restarts of the engine. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { Redis } from 'ioredis';
import { tempDir } from '../../contract/temp-dir.ts';
import { describeWith } from '../../support/back-ends.ts';
import { http, logIn, newAccount } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer } from '../../support/server.ts';
import { eventually, TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

interface Entry {
  readonly device: string;
  readonly sockets: number;
  readonly seenAt: number;
}

describeWith(['redis'], 'the index of sessions', ({ MAILROOM_REDIS_URL: url = '' }) => {
  const namespace = `sessions-${crypto.randomUUID()}`;
  const env = { MAILROOM_REDIS_URL: url, MAILROOM_NAMESPACE: namespace };

  async function withRedis(work: (redis: Redis) => Promise<void>): Promise<void> {
    const redis = new Redis(url);
    try {
      await work(redis);
    } finally {
      const keys = await redis.keys(`${namespace}:*`);
      if (keys.length > 0) await redis.unlink(...keys);
      redis.disconnect();
    }
  }

  /** The user's devices in Redis, by name. */
  async function entriesOf(redis: Redis, user: string): Promise<ReadonlyMap<string, Entry>> {
    const fields = await redis.hgetall(`${namespace}:session:${user}`);
    const entries = Object.values(fields).map((entry) => JSON.parse(entry) as Entry);
    return new Map(entries.map((entry) => [entry.device, entry]));
  }

  async function lastSeenOf(server: string, token: string, device: string): Promise<number> {
    const { json } = await http(server, 'GET', '/v1/devices', { token });
    return json.devices.find((each: { device: string }) => each.device === device).lastSeen;
  }

  test('[DEV5] the list says to the moment when a device left, although the engine has started anew since', async () => {
    using dir = tempDir();
    await withRedis(async (redis) => {
      let leftAt = 0;
      let tokens = { phone: '', desk: '' };
      let user = '';
      {
        await using server = await startServer({ dataDir: dir.path, env });
        const { token: phone, id } = await newAccount(server.url, 'dev5', 'phone');
        const desk = await logIn(server.url, 'dev5', 'desk');
        tokens = { phone, desk };
        user = id;
        const socket = await RawClient.greet(server.url, desk);
        const there = () => entriesOf(redis, user);
        const open = await eventually('the desk to be there', there, (all) => all.get('desk')?.sockets === 1);
        leftAt = Date.now();
        // The records learn of a token at most every five minutes: its leaving is in the index alone.
        await eventually(
          'the clock to move on',
          () => Date.now(),
          (now) => now > leftAt + 1,
        );
        socket[Symbol.dispose]();
        const gone = await eventually('the desk to have left', there, (all) => all.get('desk')?.sockets === 0);
        expect(gone.get('desk')?.seenAt).toBeGreaterThan(Math.max(leftAt, open.get('desk')?.seenAt ?? 0));
        expect(await redis.pttl(`${namespace}:session:${user}`)).toBeGreaterThan(6 * 86_400_000);
        await server.stop();
      }
      await using server = await startServer({ dataDir: dir.path, env });
      const seenAt = (await entriesOf(redis, user)).get('desk')?.seenAt ?? 0;
      expect(seenAt).toBeGreaterThan(leftAt);
      expect(await lastSeenOf(server.url, tokens.phone, 'desk')).toBe(seenAt);
      // Emptied, it costs minutes of exactness, and nothing else.
      await redis.del(`${namespace}:session:${user}`);
      const stored = await lastSeenOf(server.url, tokens.phone, 'desk');
      expect(stored).toBeGreaterThan(0);
      expect(stored).toBeLessThanOrEqual(leftAt);
    });
  });

  test('[DEV6] a device that is logged out leaves the index, and what is not to be understood there is passed over', async () => {
    await withRedis(async (redis) => {
      await using server = await startServer({ env });
      const { token: phone, id } = await newAccount(server.url, 'dev6', 'phone');
      const desk = await logIn(server.url, 'dev6', 'desk');
      using socket = await RawClient.greet(server.url, desk);
      const there = () => entriesOf(redis, id);
      await eventually('the desk to be there', there, (all) => all.get('desk')?.sockets === 1);
      await redis.hset(`${namespace}:session:${id}`, 'nonsense', '{"seenAt":"never"', 'worse', 'null');
      const listed = await http(server.url, 'GET', '/v1/devices', { token: phone });
      expect(listed.json.devices.map(({ device }: { device: string }) => device)).toEqual(['desk', 'phone']);
      await redis.hdel(`${namespace}:session:${id}`, 'nonsense', 'worse');
      expect((await http(server.url, 'DELETE', '/v1/devices/desk', { token: phone })).status).toBe(204);
      await socket.closeCode();
      await eventually('the desk to be out of the index', there, (all) => !all.has('desk'));
    });
  });
});
