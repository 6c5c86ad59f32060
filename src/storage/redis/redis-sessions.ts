/** The session index in Redis: the hash `PREFIX:session:USER`, a field for each token, JSON `{"device", "sockets", "seenAt"}`. */
import { type IndexedDevice, type SessionIndex, sessionField } from '../ports/session-index.ts';
import type { RedisConnection } from './connection.ts';

const TTL_MS = 7 * 86_400_000;

export class RedisSessions implements SessionIndex {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  /** The connection belongs to its opener. */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = `${prefix}:session:`;
  }

  async note(user: string, { tokenHash, device, sockets, seenAt }: IndexedDevice): Promise<void> {
    const key = this.#prefix + user;
    const entry = JSON.stringify({ device, sockets, seenAt });
    await this.#connection.run('note a session', async (client) => {
      const answers = await client.multi().hset(key, sessionField(tokenHash), entry).pexpire(key, TTL_MS).exec();
      for (const [error] of answers ?? []) if (error !== null) throw error;
    });
  }

  async seenOf(user: string): Promise<Readonly<Record<string, number>>> {
    const fields = await this.#connection.run('read sessions', (client) => client.hgetall(this.#prefix + user));
    return Object.fromEntries(Object.entries(fields).map(([field, entry]) => [field, seenIn(entry)]));
  }

  async forget(user: string, tokenHashes: readonly string[]): Promise<void> {
    if (tokenHashes.length === 0) return;
    const fields = tokenHashes.map(sessionField);
    await this.#connection.run('forget sessions', (client) => client.hdel(this.#prefix + user, ...fields));
  }
}

/** Never, of what is not to be understood. */
function seenIn(entry: string): number {
  try {
    const { seenAt } = JSON.parse(entry) as { readonly seenAt?: unknown };
    return typeof seenAt === 'number' && Number.isSafeInteger(seenAt) ? seenAt : 0;
  } catch {
    return 0;
  }
}
