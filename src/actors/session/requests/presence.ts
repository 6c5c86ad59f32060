/** `presence.*` and `rooms.typing`. */
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, askRoom, me } from './asking.ts';

export function followPresence(session: Conversation, id: number, { users }: ParamsOf<'presence.subscribe'>): void {
  const follow = { type: 'follow', session: session.socket, watcher: me(session).id, users } as const;
  session.context.ask(session.presence.following(), follow, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) session.answer(encodeResult<'presence.subscribe'>(id, { states: reply.value.states }));
    else session.refuse(id, reply.fault);
  });
}

export function unfollowPresence(session: Conversation, id: number, { users }: ParamsOf<'presence.unsubscribe'>): void {
  const named = users === undefined ? {} : { users };
  session.context.tell(session.presence.following(), { type: 'unfollow', session: session.socket, ...named });
  session.answer(encodeResult<'presence.unsubscribe'>(id, {}));
}

export function setPresence(session: Conversation, id: number, { state }: ParamsOf<'presence.set'>): void {
  session.presence.set(state);
  session.answer(encodeResult<'presence.set'>(id, {}));
}

export function typing(session: Conversation, id: number, { room }: ParamsOf<'rooms.typing'>): void {
  askRoom(session, id, room, { type: 'typing', user: me(session).id }, () => {
    session.answer(encodeResult<'rooms.typing'>(id, {}));
  });
}
