/** Invalidations: what one node has ended in the cache, told to the others, who drop what they hold near. */

/** Keys of the cache, such as `user:ID`, without the namespace. */
export type EndedKeys = readonly string[];

export interface InvalidationCounts {
  /** Keys that were told, that could not be, and that were heard of; and messages that were not to be understood. */
  told: number;
  dropped: number;
  heard: number;
  malformed: number;
}

/**
 * A word to the other nodes, at most once and soon: a copy whose end nobody has heard of ends with its time to live.
 *
 * *Details.* `tell` neither waits nor throws. Where it cannot be told now it is dropped and counted, for no write may wait
 * for those who hold copies. What a node tells does not come back to it.
 * *Gotchas.* Tell once the shared cache knows of the write: who hears of it reads anew, and must not find what was ended.
 */
export interface Invalidations {
  readonly counts: Readonly<InvalidationCounts>;
  tell(key: string): void;
  close(): Promise<void>;
}
