/** History around a message: two pages laid together, one that ends with the message and one that begins behind it. */
import { fault } from '../../../protocol/faults.ts';
import { encodeHistoryResult } from '../../../protocol/frames/message.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import type { Reply } from '../../../runtime/reply.ts';
import { type HistorySlice, roomKind } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me } from './asking.ts';
import { MAX_HISTORIES, TOO_MANY_HISTORIES } from './history-limits.ts';

const ALONE = fault('invalid', 'params.around: neither before nor after beside it');

type Bounds = { readonly before: number } | { readonly after: number };

/** Each of the two pages has its own bound of bytes, so that they count as two. */
export function historyAround(
  session: Conversation,
  id: number,
  { room, before, after, limit = LIMITS.defaultHistoryMessages }: ParamsOf<'messages.history'>,
  around: number,
): void {
  if (before !== undefined || after !== undefined) return session.refuse(id, ALONE);
  if (session.historiesInFlight + 2 > MAX_HISTORIES) return session.refuse(id, TOO_MANY_HISTORIES);
  const older = Math.floor(limit / 2) + (limit % 2);
  ask(session, room, { before: around + 1 }, older, (first) => {
    if (!first.ok) return session.refuse(id, first.fault);
    const newer = limit - first.value.frames.length;
    ask(session, room, { after: around }, Math.max(1, newer), (second) => {
      if (!second.ok) return session.refuse(id, second.fault);
      const behind = second.value.frames;
      const frames = newer > 0 ? [...first.value.frames, ...behind] : first.value.frames;
      const more = newer > 0 ? second.value.more : behind.length > 0;
      // What both pages have applied.
      const change = Math.min(first.value.change, second.value.change);
      session.answer(encodeHistoryResult(id, frames, more, change));
    });
  });
}

function ask(
  session: Conversation,
  room: string,
  bounds: Bounds,
  limit: number,
  onReply: (reply: Reply<HistorySlice>) => void,
): void {
  session.historiesInFlight += 1;
  const query = { type: 'history', user: me(session).id, ...bounds, limit } as const;
  session.context.ask(session.context.ref(roomKind, room), query, ASK_DEADLINE_MS, (reply) => {
    session.historiesInFlight -= 1;
    onReply(reply);
  });
}
