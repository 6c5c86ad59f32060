/** How many connections to MySQL one process may open, so that servers can be given room for all processes. */

export interface MysqlBudget {
  /** Of the lease's thread, the persister's and the records thread's pool to the primary. */
  readonly lease: number;
  readonly store: number;
  readonly reading: number;
  /** To the server that is the primary, all of them together, and one more for each thread: it migrates, or looks for the primary. */
  readonly primary: number;
  readonly eachReplica: number;
}

const LEASE = 2;
/** Past this many, partitions take turns. */
const MAX_STORE = 8;
const READING = 8;
const EACH_REPLICA = 8;
const THREADS = 3;

/** `partitions` of the message log, each of which has one batch at a time on its way. */
export function mysqlBudget(partitions: number): MysqlBudget {
  const store = Math.min(partitions, MAX_STORE) + 1;
  return {
    lease: LEASE,
    store,
    reading: READING,
    primary: LEASE + store + READING + THREADS,
    eachReplica: EACH_REPLICA,
  };
}
