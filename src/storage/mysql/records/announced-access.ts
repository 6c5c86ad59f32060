/**
 * How records are read and written on MySQL: writes go to the primary and are announced under the users and rooms that they
 * concern; reads name whom they are about and go to a replica that shows every write which the reader may know of.
 */
import type { SqlRunner } from '../connection.ts';
import { mayHaveHappened } from '../faults.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import type { SqlTransaction } from '../transaction.ts';
import type { AnnouncedWrite, PositionKey } from '../write-positions.ts';

export const userKey = (id: string): PositionKey => `user:${id}`;
/** What all names are announced under that a search may find. No user has the empty id. */
export const NAMES: PositionKey = userKey('');
export const roomKey = (id: string): PositionKey => `room:${id}`;

export class AnnouncedAccess {
  readonly #servers: MysqlServers;

  constructor(servers: MysqlServers) {
    this.#servers = servers;
  }

  async read<T>(keys: readonly PositionKey[], work: (runner: SqlRunner) => Promise<T>): Promise<T> {
    const { positions, replicas } = this.#servers;
    return await replicas.read(await positions.of(keys), work);
  }

  /** A transaction on the primary that says whether it has changed anything. */
  write(keys: readonly PositionKey[], work: (tx: SqlTransaction) => Promise<boolean>): Promise<boolean> {
    return this.writing(keys, work, (changed) => changed);
  }

  /** A transaction on the primary with an answer of its own; `hasChanged` says of that whether anything was written. */
  writing<T>(
    keys: readonly PositionKey[],
    work: (tx: SqlTransaction) => Promise<T>,
    hasChanged: (answer: T) => boolean = () => true,
  ): Promise<T> {
    return this.announced(keys, async (write) => {
      let gtid: string | null = null;
      const onCommit = (committed: string): void => {
        gtid = committed;
      };
      const answer = await this.#servers.primary.transaction(work, { onCommit });
      if (hasChanged(answer)) write.committed(gtid);
      return answer;
    });
  }

  /** Announces a write that concerns these and settles it. One that was refused, or is not settled, has changed nothing. */
  async announced<T>(keys: readonly PositionKey[], work: (write: AnnouncedWrite) => Promise<T>): Promise<T> {
    const write = await this.#servers.positions.announce(keys);
    try {
      return await work(write);
    } catch (error) {
      if (mayHaveHappened(error)) write.unknown();
      throw error;
    } finally {
      write.nothing();
    }
  }
}
