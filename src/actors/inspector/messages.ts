/** What a thread's inspector is asked. */
import type { CellStatus, CellSummary } from '../../runtime/cell-state.ts';
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { Sample } from '../../storage/ports/sample.ts';

/** One kind on one thread. */
export interface KindReport {
  readonly kind: string;
  readonly live: number;
  readonly activations: number;
  readonly passivations: number;
  readonly messages: number;
  readonly restarts: number;
  readonly failures: number;
  readonly overflows: number;
  readonly deadLetters: number;
  readonly mailboxHighWater: number;
  readonly sampledMs: number;
  readonly sampledMessages: number;
  /** Samples of time per message: bucket b counts those of less than 2^b µs and not less than 2^(b-1); the last one all above. */
  readonly timeBuckets: readonly number[];
}

export interface ThreadReport {
  readonly thread: number;
  readonly kinds: readonly KindReport[];
  readonly pendingAsks: number;
  readonly pendingLaneBytes: number;
  readonly refusedByLanes: number;
  readonly deadLetters: number;
  /** Open sockets of the thread. */
  readonly sockets: number;
  /** Back ends that the thread talks to over a network; none in embedded mode. */
  readonly backEnds: readonly BackEndReport[];
  /** What its storage counts. */
  readonly samples: readonly Sample[];
}

export interface ReportThread extends Request<ThreadReport> {
  readonly type: 'report';
}

/** One active actor in a list. */
export interface ActorLine {
  readonly id: string;
  readonly status: CellStatus;
  /** Messages that wait. */
  readonly depth: number;
  /** Failures that are kept; `look` shows them. */
  readonly failures: number;
}

/** Asks for the active actors of a kind: those with the most waiting messages first, `limit` at most. */
export interface ListActors extends Request<readonly ActorLine[]> {
  readonly type: 'list';
  readonly kind: string;
  readonly limit: number;
}

/** Asks for one actor; null if it is not active on this thread. Looking activates nobody. */
export interface LookAtActor extends Request<CellSummary | null> {
  readonly type: 'look';
  readonly kind: string;
  readonly id: string;
}

export type InspectorMessage = ReportThread | ListActors | LookAtActor;

export const inspectorKind = defineKind<InspectorMessage>({
  name: 'inspector',
  placement: 'pinned',
  mailbox: { capacity: 64, overflow: 'refuse' },
});
