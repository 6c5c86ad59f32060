/** What a shard keeps of one kind. */
import { CellTable } from './cell-table.ts';
import type { Behaviour, Kind } from './kind.ts';
import { KindStats } from './stats.ts';

export interface KindEntry {
  readonly kind: Kind<never>;
  /** Null for kinds that exist as children only: a message to one that has ended reaches nobody. */
  readonly behaviour: Behaviour<never> | null;
  readonly stats: KindStats;
  readonly cells: CellTable;
  /** The kind was stopped on this shard: nobody of it is activated any more. */
  closed: boolean;
}

export function newKindEntry<M>(kind: Kind<M>, behaviour: Behaviour<M> | null): KindEntry {
  return {
    kind: kind as unknown as Kind<never>,
    behaviour: behaviour as unknown as Behaviour<never> | null,
    stats: new KindStats(kind.name),
    cells: new CellTable(),
    closed: false,
  };
}
