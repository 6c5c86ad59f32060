/** The directory in Redis, under `PREFIX:directory`: a key without a time to live, which no eviction policy may touch. */
import type { Directory, DirectoryView, NodeClaim } from '../ports/directory.ts';
import type { RedisConnection } from './connection.ts';
import { SCRIPTS } from './scripts.ts';

export class RedisDirectory implements Directory {
  readonly #connection: RedisConnection;
  readonly #key: string;

  /** The connection belongs to its opener. */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#key = `${prefix}:directory`;
  }

  async read(): Promise<DirectoryView> {
    return await this.#connection.run('read the directory', async (client) => {
      const [claim, server] = await Promise.all([client.hgetall(this.#key), client.info('server')]);
      const life = /^run_id:(\w+)/m.exec(server)?.[1] ?? '';
      return { claim: claim.node === undefined ? null : { node: claim.node, beat: Number(claim.beat) }, life };
    });
  }

  async replace(seen: NodeClaim | null, next: NodeClaim | null): Promise<boolean> {
    const args = [seen?.node ?? '', String(seen?.beat ?? 0), next?.node ?? '', String(next?.beat ?? 0)];
    return (await this.#connection.script('write the directory', SCRIPTS.claim, [this.#key], args)) === 1;
  }
}
