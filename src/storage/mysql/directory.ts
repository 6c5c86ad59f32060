/** The directory on the primary. Where a replica was promoted, the claim has come along. */
import type { Directory, DirectoryView, NodeClaim } from '../ports/directory.ts';
import { StorageFault } from '../ports/faults.ts';
import type { SqlPool } from './pool.ts';

interface Row {
  readonly node: Uint8Array | null;
  readonly beat: number;
}

const text = new TextDecoder();

export class MysqlDirectory implements Directory {
  readonly #pool: SqlPool;

  /** The pool belongs to its opener. */
  constructor(pool: SqlPool) {
    this.#pool = pool;
  }

  async read(): Promise<DirectoryView> {
    const [row] = await this.#pool.rows<Row>('SELECT node, beat FROM node_claim WHERE only = 1');
    if (row === undefined) throw new StorageFault('corrupt', 'the table node_claim has lost its row');
    return { claim: row.node === null ? null : { node: text.decode(row.node), beat: row.beat }, life: '' };
  }

  async replace(seen: NodeClaim | null, next: NodeClaim | null): Promise<boolean> {
    const { affectedRows } = await this.#pool.run(
      'UPDATE node_claim SET node = ?, beat = ? WHERE only = 1 AND node <=> ? AND (? IS NULL OR beat = ?)',
      [next?.node ?? null, next?.beat ?? 0, seen?.node ?? null, seen?.node ?? null, seen?.beat ?? 0],
    );
    return affectedRows === 1;
  }
}
