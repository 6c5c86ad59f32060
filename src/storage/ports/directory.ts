/**
 * The directory: who owns a deployment's data. So far one node owns all of it; the claim keeps a second one out.
 *
 * A directory only remembers; what a claim means, and for how long it is good, is the business of `storage/lease`.
 */
import type { Promised } from './records.ts';

export interface NodeClaim {
  /** Who claims it. */
  readonly node: string;
  /** Counts the renewals of all owners: whoever sees it change knows that the owner lives. */
  readonly beat: number;
}

export interface DirectoryView {
  /** Null: nobody claims it. */
  readonly claim: NodeClaim | null;
  /** Names this life of the directory. Where it has changed, what it remembers may be older than what it remembered. */
  readonly life: string;
}

export interface Directory {
  read(): Promised<DirectoryView>;
  /** Puts `next` where `seen` still stands. False where something else stands. */
  replace(seen: NodeClaim | null, next: NodeClaim | null): Promised<boolean>;
}
