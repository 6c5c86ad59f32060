/** Epochs of slots: who owned a slot last. Kept in memory too, since every record is held against its slot's. */
import type { Database, Statement } from 'bun:sqlite';
import type { Fence } from '../../ports/message-log.ts';

interface EpochRow {
  readonly slot: number;
  readonly epoch: number;
}

export class Epochs {
  readonly #all: Statement<EpochRow, []>;
  readonly #raise: Statement<unknown, [number, number]>;
  readonly #claim: Statement<{ epoch: number }, []>;
  #bySlot: Map<number, number> | undefined;

  constructor(db: Database) {
    this.#all = db.prepare('SELECT slot, epoch FROM slot_epoch');
    this.#raise = db.prepare(`
      INSERT INTO slot_epoch VALUES (?, ?) ON CONFLICT DO UPDATE SET epoch = max(epoch, excluded.epoch)`);
    this.#claim = db.prepare('UPDATE last_epoch SET epoch = epoch + 1 RETURNING epoch');
  }

  /** An epoch above all earlier ones. */
  claim(): number {
    const row = this.#claim.get();
    if (row === null) throw new Error('an update returns its row');
    return row.epoch;
  }

  raise({ epoch, slots }: Fence): void {
    for (const slot of slots) {
      if (epoch <= this.of(slot)) continue;
      this.#raise.run(slot, epoch);
      this.#known.set(slot, epoch);
    }
  }

  /** 0 for a slot that nobody has fenced yet. */
  of(slot: number): number {
    return this.#known.get(slot) ?? 0;
  }

  /** Forgets everything, since the transaction that it belonged to was rolled back. */
  reset(): void {
    this.#bySlot = undefined;
  }

  get #known(): Map<number, number> {
    this.#bySlot ??= new Map(this.#all.all().map(({ slot, epoch }) => [slot, epoch]));
    return this.#bySlot;
  }
}
