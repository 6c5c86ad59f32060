/** `messages.forward`: a copy of a message that the user may read, posted as their own. */
import { fault, toWireFault } from '../../../protocol/faults.ts';
import { decodeMessage } from '../../../protocol/frames/message.ts';
import type { Message, ParamsOf } from '../../../protocol/types.ts';
import { roomKind } from '../../room/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me } from './asking.ts';
import { postContent } from './messages.ts';

export function forward(session: Conversation, id: number, params: ParamsOf<'messages.forward'>): void {
  const { from, room, nonce } = params;
  const query = { type: 'history', user: me(session).id, after: from.seq - 1, limit: 1 } as const;
  session.context.ask(session.context.ref(roomKind, from.room), query, ASK_DEADLINE_MS, (reply) => {
    if (!reply.ok) return session.refuse(id, toWireFault(reply.fault));
    const [frame] = reply.value.frames;
    if (frame === undefined || reply.value.firstSeq !== from.seq) {
      return session.refuse(id, fault('not_found', 'there is no such message'));
    }
    const message = decodeMessage(frame);
    if (message.recalled === true || message.from === 'system') {
      return session.refuse(id, fault('conflict', 'the message has no content to copy'));
    }
    const { body, files } = message;
    const forwarded = originOf(message);
    postContent(session, id, { room, nonce, body, forwarded, ...(files === undefined ? {} : { files }) });
  });
}

/** A copy of a copy names who wrote it first. The id of a direct room would name the two who are in it. */
function originOf({ room, from, at, forwarded }: Message): NonNullable<Message['forwarded']> {
  return forwarded ?? { from, at, ...(room.includes('~') ? {} : { room }) };
}
