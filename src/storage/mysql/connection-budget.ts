/** How many connections one process of the engine may open, so that servers can be given room for all of them. */

export interface BudgetSettings {
  /** Threads that open MySQL: the storage threads, and no others. */
  readonly threads: number;
  /** Bound of each thread's pool to the primary. */
  readonly primaryConnections: number;
  /** Bound of each thread's pool to one replica. */
  readonly replicaConnections: number;
  /** Servers in the list of which one is the primary. */
  readonly servers: number;
  /** Replicas that are read from. */
  readonly replicas: number;
}

/** Most connections of one process at a time. */
export interface ConnectionBudget {
  /** To the server that is the primary. */
  readonly primary: number;
  /** To each other server of the list: a moment only, when the primary is looked for. */
  readonly otherServers: number;
  /** To each replica. */
  readonly eachReplica: number;
  /** To all servers together. */
  readonly total: number;
}

/** One connection of a thread migrates or looks for the primary; the others are its pool's. */
export function connectionBudget(settings: BudgetSettings): ConnectionBudget {
  const { threads, primaryConnections, replicaConnections, servers, replicas } = settings;
  const primary = threads * (primaryConnections + 1);
  const otherServers = threads;
  const eachReplica = threads * replicaConnections;
  return {
    primary,
    otherServers,
    eachReplica,
    total: primary + Math.max(0, servers - 1) * otherServers + replicas * eachReplica,
  };
}
