/** Attaching: a thread's fan-out takes a lease, and learns how its users stand in the room. */
import type { Context } from '../../runtime/context.ts';
import type { Delivery } from './delivery.ts';
import { countMentions } from './mentions.ts';
import type { Attach, Attached, RoomMessage } from './messages.ts';
import { type RoomState, viewOf } from './state.ts';

/** What is said of the room is as of the answer, not of the question: frames that come in between are not told again. */
export function attach(
  context: Context<RoomMessage>,
  { state, delivery }: { readonly state: RoomState; readonly delivery: Delivery },
  { thread, users }: Attach,
): void {
  const members = users.flatMap((user) => state.members.get(user) ?? []);
  if (members.length > 0) delivery.attach(thread);
  const replyTo = context.replyTo();
  countMentions(context, state, members, (counts) => {
    const views = users.map((user) => {
      const member = state.members.get(user);
      if (member === undefined) return null;
      const mentions = counts.get(user) ?? 0;
      return mentions === 0 ? viewOf(state, member) : { ...viewOf(state, member), mentions };
    });
    const { seq, change, version } = state;
    replyTo?.settle({ views, seq, change, version } satisfies Attached, undefined);
  });
}
