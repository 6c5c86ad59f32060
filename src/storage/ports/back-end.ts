/** How a back end is, as its owner sees it and operators read it. */

/**
 * - `connecting`: not reached yet since the start; what is asked waits, bounded.
 * - `ready`: answers.
 * - `degraded`: answers, but failed lately.
 * - `open`: failed several times in a row; what is asked is refused at once until a probe succeeds.
 */
export type BackEndState = 'connecting' | 'ready' | 'degraded' | 'open';

export interface BackEndReport {
  /** What it is and does, such as `mysql records`. */
  readonly name: string;
  readonly state: BackEndState;
  /** Calls that found it unavailable, its own deadlines included. */
  readonly failures: number;
  /** Calls that were refused without asking it: the circuit was open, or too much waited. */
  readonly refused: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** What was last wrong with it; empty at first. */
  readonly lastFault: string;
}
