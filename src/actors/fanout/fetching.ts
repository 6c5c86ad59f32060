/** How a fan-out asks a room for what it lacks. */
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import { type ChangesSlice, type HistorySlice, roomKind } from '../room/messages.ts';

const ASK_DEADLINE_MS = 5_000;
const PAGE = 200;

interface Missing {
  readonly after: number;
  /** As this user sees it; absent: as it was posted, for everybody. */
  readonly user?: string;
}

type Asking = Pick<Context<never>, 'ask' | 'ref'>;

export function fetchMessages(
  context: Asking,
  room: string,
  missing: Missing,
  onReply: (reply: Reply<HistorySlice>) => void,
): void {
  const query = { type: 'history', ...missing, limit: PAGE } as const;
  context.ask(context.ref(roomKind, room), query, ASK_DEADLINE_MS, onReply);
}

export function fetchChanges(
  context: Asking,
  room: string,
  missing: Missing,
  onReply: (reply: Reply<ChangesSlice>) => void,
): void {
  const query = { type: 'changes', ...missing, limit: PAGE } as const;
  context.ask(context.ref(roomKind, room), query, ASK_DEADLINE_MS, onReply);
}
