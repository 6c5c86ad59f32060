/** How many connections to MySQL one process may open, so that servers can be given room for all processes. */

export interface MysqlBudget {
  /** Of the lease's thread, the persister's and the records thread's pool to the primary. */
  readonly lease: number;
  readonly store: number;
  readonly reading: number;
  /** Of the search's thread. */
  readonly search: number;
  /** To the server that is the primary, all of them together, and one more for each thread: it migrates, or looks for the primary. */
  readonly primary: number;
  readonly eachReplica: number;
  readonly eachReplicaSearching: number;
}

const LEASE = 2;
/** Past this many, partitions take turns. */
const MAX_STORE = 8;
const READING = 8;
const EACH_REPLICA = 8;
const SEARCH = 4;
const EACH_REPLICA_SEARCHING = 4;
const THREADS = 4;

/** `partitions` of the message log, each of which has one batch at a time on its way. */
export function mysqlBudget(partitions: number): MysqlBudget {
  const store = Math.min(partitions, MAX_STORE) + 1;
  return {
    lease: LEASE,
    store,
    reading: READING,
    search: SEARCH,
    primary: LEASE + store + READING + SEARCH + THREADS,
    eachReplica: EACH_REPLICA,
    eachReplicaSearching: EACH_REPLICA_SEARCHING,
  };
}
