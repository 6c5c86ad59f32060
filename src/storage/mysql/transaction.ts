/** One transaction on one session. */
import { StorageFault } from '../ports/faults.ts';
import type { SqlConnection, SqlRunner, SqlValue, SqlWritten, StatementOptions } from './connection.ts';
import { isLostToAnother } from './faults.ts';

export type SqlTransaction = SqlRunner;

export interface TransactionOptions {
  /** Hears the GTID of the commit, where the server writes a binary log and something was changed. */
  readonly onCommit?: (gtid: string) => void;
}

export interface OpenTransaction {
  readonly tx: SqlTransaction;
  /** Resolves with the GTID of the commit, null where nothing was changed. */
  commit(): Promise<string | null>;
  rollback(): Promise<void>;
}

const TEXT = { prepared: false } as const;

export async function beginTransaction(connection: SqlConnection): Promise<OpenTransaction> {
  await connection.run('START TRANSACTION', [], TEXT);
  const tx = new Transaction(connection);
  return { tx, commit: () => tx.commit(), rollback: () => tx.rollback() };
}

class Transaction implements SqlTransaction {
  readonly #connection: SqlConnection;
  /** The error after which the server has rolled everything back, or may have: nothing may be committed any more. */
  #lost: unknown = null;
  #ended = false;

  constructor(connection: SqlConnection) {
    this.#connection = connection;
  }

  async rows<R>(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<readonly R[]> {
    return await this.#guarded(() => this.#connection.rows<R>(sql, values, options));
  }

  async run(sql: string, values?: readonly SqlValue[], options?: StatementOptions): Promise<SqlWritten> {
    return await this.#guarded(() => this.#connection.run(sql, values, options));
  }

  /** Throws what the transaction was lost to, even where its work has swallowed that. */
  async commit(): Promise<string | null> {
    if (this.#lost !== null) throw this.#lost;
    this.#ended = true;
    return (await this.#connection.run('COMMIT', [], TEXT)).gtid;
  }

  /** After a COMMIT whose outcome is not known, or without an answer, the session goes instead. */
  async rollback(): Promise<void> {
    if (!this.#connection.usable) return;
    if (this.#ended) {
      this.#connection.destroy();
      return;
    }
    this.#ended = true;
    try {
      await this.#connection.run('ROLLBACK', [], TEXT);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      // The server rolls back what a lost session has left open; the error that led here is the one to report.
      this.#connection.destroy();
    }
  }

  async #guarded<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#ended) throw new Error('the transaction has ended');
    try {
      return await statement();
    } catch (error) {
      if (isLostToAnother(error) || !this.#connection.usable) this.#lost = error;
      throw error;
    }
  }
}
