/** Names of everything that Mailroom has in a virtual host, below one prefix. */
export interface AmqpNames {
  /** Direct exchange of the message log; the routing key is the partition. */
  readonly log: string;
  /** The partition's queue. */
  logPartition(partition: number): string;
  readonly deadLetters: string;
  /** Topic exchange: `room.<roomId>.message`. */
  readonly events: string;
  /** Direct exchange. */
  readonly jobs: string;
  /** Fanout exchange. */
  readonly invalidations: string;
}

/** Prefix where none is given. */
export const DEFAULT_PREFIX = 'mailroom';

export function amqpNames(prefix: string = DEFAULT_PREFIX): AmqpNames {
  return {
    log: `${prefix}.log`,
    logPartition: (partition) => `${prefix}.log.${partition}`,
    deadLetters: `${prefix}.dead-letters`,
    events: `${prefix}.events`,
    jobs: `${prefix}.jobs`,
    invalidations: `${prefix}.invalidate`,
  };
}
