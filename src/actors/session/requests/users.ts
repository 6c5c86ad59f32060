/** `users.*`. */
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { askRecords } from '../../storage/records.ts';
import type { Conversation } from '../conversation.ts';
import { NO_SUCH_USER } from './asking.ts';

export function findUser(session: Conversation, id: number, { username }: ParamsOf<'users.find'>): void {
  askRecords(session.context, 'userByName', [username], (reply) => {
    if (!reply.ok) session.refuse(id, reply.fault);
    else if (reply.value === null) session.refuse(id, NO_SUCH_USER);
    else {
      const user = { id: reply.value.id, username: reply.value.username };
      session.answer(encodeResult<'users.find'>(id, { user }));
    }
  });
}

export function getUsers(session: Conversation, id: number, { users }: ParamsOf<'users.get'>): void {
  askRecords(session.context, 'usersById', [users], (reply) => {
    if (reply.ok) session.answer(encodeResult<'users.get'>(id, { users: reply.value }));
    else session.refuse(id, reply.fault);
  });
}
