/** What few actors need: relatives, watchers, a history of failures. Made on first use, so that an idle actor stays small. */
import type { Cell } from './cell.ts';
import type { Ref } from './ref.ts';
import type { RestartHistory } from './supervision.ts';

export interface Kin {
  parent: Cell<never> | null;
  readonly children: Map<string, Cell<never>>;
  readonly watchers: Set<(address: string) => void>;
  /** Whom this incarnation watches, by address. */
  readonly watching: Map<string, Ref<never>>;
  /** This incarnation's own ear for the ends of those it watches. */
  onTerminated: ((address: string) => void) | null;
  readonly restarts: RestartHistory;
  /** Stacks, the newest last. */
  readonly lastFailures: string[];
}

const KEPT_FAILURES = 5;

export function newKin(): Kin {
  return {
    parent: null,
    children: new Map(),
    watchers: new Set(),
    watching: new Map(),
    onTerminated: null,
    restarts: { count: 0, windowStartMs: 0 },
    lastFailures: [],
  };
}

export function keepFailure(kin: Kin, error: unknown): void {
  kin.lastFailures.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (kin.lastFailures.length > KEPT_FAILURES) kin.lastFailures.shift();
}
