/** What a room is told of its people besides their membership: that they write, and what they have settled. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { BlocksChanged, ReceiptsChanged, RoomMessage, Typing } from './messages.ts';
import { refusalOf } from './permissions.ts';
import type { Posting } from './posting.ts';
import type { RoomState } from './state.ts';
import type { TypingMembers } from './typing.ts';

/** The parts of the room that answering works on. */
interface RoomOfPeople {
  readonly state: RoomState;
  readonly typing: TypingMembers;
  readonly posting: Pick<Posting, 'inFlight'>;
}

/** With so many posts on their way nobody is told who is writing. */
const BUSY_POSTS = 64;

export function answerPeople(
  context: Context<RoomMessage>,
  { state, typing, posting }: RoomOfPeople,
  message: Typing | BlocksChanged | ReceiptsChanged,
): void {
  switch (message.type) {
    case 'typing': {
      const refusal = refusalOf('type', state, state.members.get(message.user), context.wallMs());
      if (refusal !== undefined) return context.fail(refusal);
      typing.types(message.user, posting.inFlight > BUSY_POSTS);
      return context.reply({});
    }
    case 'blocks-changed':
      if (state.kind !== 'direct') return context.fail(fault('not_found', 'there is no such direct room'));
      return state.wishes.learnBlocks(context, [...state.members.keys()], context.replyTo());
    case 'receipts-changed':
      return state.wishes.learnReceipts(context, [message.user]);
  }
}
