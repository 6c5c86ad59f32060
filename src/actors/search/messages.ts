/** What the search's two actors are told and asked: one finds, the other keeps the index up to date. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';

export interface FindMessages extends Request<FoundMessages> {
  readonly type: 'find';
  /** As a person wrote it. */
  readonly query: string;
  readonly rooms: readonly string[];
  readonly sender?: string;
  /** Milliseconds since the epoch. */
  readonly before?: number;
  readonly limit: number;
  readonly cursor?: string;
}
export interface FoundMessage {
  readonly room: string;
  readonly seq: number;
  readonly from: string;
  readonly at: number;
  readonly snippet: string;
}
export interface FoundMessages {
  /** The newest first. */
  readonly hits: readonly FoundMessage[];
  readonly cursor?: string;
}

/** The store has more of these rooms than before. */
export interface RoomsMoved {
  readonly type: 'moved';
  readonly rooms: readonly string[];
}

export const searcherKind = defineKind<FindMessages>({
  name: 'searcher',
  placement: 'service',
  mailbox: { capacity: 1_024, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

export const indexerKind = defineKind<RoomsMoved>({
  name: 'indexer',
  placement: 'service',
  mailbox: { capacity: 1_024, overflow: 'drop-oldest' },
  supervision: { onFailure: 'restart', maxRestarts: Number.MAX_SAFE_INTEGER },
});
