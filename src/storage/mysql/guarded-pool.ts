/** A pool whose calls go through a guard, such as a circuit. What tells whether the server is there does not: it closes the circuit. */
import type { SqlPool } from './pool.ts';

/** Runs the work, or refuses it with a `StorageFault`. Never nested: what runs inside holds one of the guard's places. */
export type Guard = <T>(work: () => Promise<T>) => Promise<T>;

export function guardedPool(pool: SqlPool, guard: Guard): SqlPool {
  return {
    get address() {
      return pool.address;
    },
    get stats() {
      return pool.stats;
    },
    get committed() {
      return pool.committed;
    },
    rows: (sql, values, options) => guard(() => pool.rows(sql, values, options)),
    run: (sql, values, options) => guard(() => pool.run(sql, values, options)),
    transaction: (work, options) => guard(() => pool.transaction(work, options)),
    session: (work) => guard(() => pool.session(work)),
    ping: () => pool.ping(),
    dialect: () => pool.dialect(),
    close: () => pool.close(),
  };
}
