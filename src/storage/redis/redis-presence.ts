/** The mirror of presence in Redis: `PREFIX:presence:USER`, JSON `{"state", "since"}`, with a time to live. */
import type { MirroredPresence, PresenceMirror } from '../ports/presence-mirror.ts';
import type { RedisConnection } from './connection.ts';

/** Three times as long as the engine takes to write it again. */
const TTL_MS = 180_000;

export class RedisPresence implements PresenceMirror {
  readonly #connection: RedisConnection;
  readonly #prefix: string;

  /** The connection belongs to its opener. */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = `${prefix}:presence:`;
  }

  async publish(entries: readonly MirroredPresence[]): Promise<void> {
    await this.#connection.run('mirror presence', async (client) => {
      const pipeline = client.pipeline();
      for (const { user, state, since } of entries) {
        const key = this.#prefix + user;
        if (state === 'offline') pipeline.del(key);
        else pipeline.set(key, JSON.stringify({ state, since }), 'PX', TTL_MS);
      }
      const answers = await pipeline.exec();
      for (const [error] of answers ?? []) if (error !== null) throw error;
    });
  }
}
