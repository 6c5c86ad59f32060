/** `reports.*`. */
import { fault, toWireFault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { pinnedId } from '../../../runtime/placement.ts';
import { aboutOf, deskKind } from '../../moderation/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me } from './asking.ts';

const EITHER = fault('invalid', 'params: either room and seq, or user');

export function createReport(session: Conversation, id: number, params: ParamsOf<'reports.create'>): void {
  const about = aboutOf(params);
  if (about === undefined) return session.refuse(id, EITHER);
  const desk = session.context.ref(deskKind, pinnedId(session.context.thread, 0));
  const message = { type: 'file-report', by: me(session).id, about, reason: params.reason } as const;
  session.context.ask(desk, message, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) session.answer(encodeResult<'reports.create'>(id, { report: reply.value.id }));
    else session.refuse(id, toWireFault(reply.fault));
  });
}
