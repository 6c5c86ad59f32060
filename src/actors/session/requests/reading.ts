/** Who has read what, marks by hand, and hidden messages. */
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import type { Conversation } from '../conversation.ts';
import { askRoom, me } from './asking.ts';

export function listReaders(
  session: Conversation,
  id: number,
  { room, seq, cursor }: ParamsOf<'messages.readers'>,
): void {
  const list = { type: 'readers', user: me(session).id, seq, ...(cursor === undefined ? {} : { cursor }) } as const;
  askRoom(session, id, room, list, (page) => session.answer(encodeResult<'messages.readers'>(id, page)));
}

export function hide(session: Conversation, id: number, { room, seqs }: ParamsOf<'messages.hide'>): void {
  askRoom(session, id, room, { type: 'hide', user: me(session).id, seqs }, () => {
    session.answer(encodeResult<'messages.hide'>(id, {}));
  });
}

export function listHidden(session: Conversation, id: number, { room }: ParamsOf<'messages.hidden'>): void {
  askRoom(session, id, room, { type: 'hidden', user: me(session).id }, ({ seqs }) => {
    session.answer(encodeResult<'messages.hidden'>(id, { seqs }));
  });
}

export function markUnread(session: Conversation, id: number, { room, unread }: ParamsOf<'rooms.mark'>): void {
  askRoom(session, id, room, { type: 'mark-unread', user: me(session).id, unread }, () => {
    session.answer(encodeResult<'rooms.mark'>(id, {}));
  });
}
