/** Supervision: what happens to an actor whose handler threw. The strategy is data; the cell carries it out. */

/**
 * - `restart`: a new incarnation after a back-off; the mailbox survives, the failing message does not.
 * - `resume`: go on with the same incarnation.
 * - `stop`: end the actor; waiting messages become dead letters and their askers are answered.
 * - `escalate`: the parent fails instead; without a parent, `stop`.
 */
export type OnFailure = 'restart' | 'resume' | 'stop' | 'escalate';

export interface Supervision {
  readonly onFailure: OnFailure;
  /** More restarts than this within `withinMs` stop the actor. */
  readonly maxRestarts: number;
  readonly withinMs: number;
  /** Back-off before the first restart; it doubles with each further one, up to `maxBackoffMs`. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Share of the back-off that chance takes away, 0 … 1. */
  readonly jitter: number;
}

/** Restarts of one actor within the window. */
export interface RestartHistory {
  count: number;
  windowStartMs: number;
}

/** Milliseconds to wait before the restart, or -1 when the budget is spent. Counts the restart in `history`. */
export function nextBackoff(
  supervision: Supervision,
  history: RestartHistory,
  nowMs: number,
  random: () => number,
): number {
  if (nowMs - history.windowStartMs > supervision.withinMs) {
    history.windowStartMs = nowMs;
    history.count = 0;
  }
  history.count += 1;
  if (history.count > supervision.maxRestarts) return -1;
  const full = Math.min(supervision.maxBackoffMs, supervision.minBackoffMs * 2 ** (history.count - 1));
  return full * (1 - supervision.jitter * random());
}
