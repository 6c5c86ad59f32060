/** `contacts.*` and `blocks.*`. */
import { fault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import type { ContactRecord } from '../../../storage/ports/people.ts';
import { type ContactChange, personKind } from '../../person/messages.ts';
import { contactShape, userShape } from '../../person/shapes.ts';
import { askPeople } from '../../storage/people.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, type Handler, me, NO_SUCH_USER } from './asking.ts';

const ANOTHER = fault('invalid', 'params.user: another user');

export function requestContact(session: Conversation, id: number, params: ParamsOf<'contacts.request'>): void {
  const { user, note = '' } = params;
  change(session, id, 'request', { user, note }, (contact) => {
    if (contact === null) session.refuse(id, NO_SUCH_USER);
    else session.answer(encodeResult<'contacts.request'>(id, { contact: contactShape(contact) }));
  });
}

export function acceptContact(session: Conversation, id: number, { user }: ParamsOf<'contacts.accept'>): void {
  change(session, id, 'accept', { user, note: '' }, (contact) => {
    if (contact === null) session.refuse(id, NO_SUCH_USER);
    else session.answer(encodeResult<'contacts.accept'>(id, { contact: contactShape(contact) }));
  });
}

/** One of the three that leave nothing behind. */
export function endContact(how: 'decline' | 'withdraw' | 'remove'): Handler<'contacts.remove'> {
  return (session, id, { user }) =>
    change(session, id, how, { user, note: '' }, () => session.answer(encodeResult<'contacts.remove'>(id, {})));
}

export function listContacts(session: Conversation, id: number, params: ParamsOf<'contacts.list'>): void {
  const { cursor = '', state = null } = params;
  const limit = LIMITS.contactsPerPage;
  askPeople(session.context, 'contacts', [me(session).id, cursor, state, limit], (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    const last = reply.value.at(-1);
    const more = last !== undefined && reply.value.length === limit ? { cursor: last.other.user } : {};
    session.answer(encodeResult<'contacts.list'>(id, { contacts: reply.value.map(contactShape), ...more }));
  });
}

export function setBlock(on: boolean): Handler<'blocks.add'> {
  return (session, id, { user: other }) => {
    if (other === me(session).id) return session.refuse(id, ANOTHER);
    const person = session.context.ref(personKind, me(session).id);
    session.context.ask(person, { type: 'set-block', other, on }, ASK_DEADLINE_MS, (reply) => {
      if (reply.ok) session.answer(encodeResult<'blocks.add'>(id, {}));
      else session.refuse(id, reply.fault);
    });
  };
}

export function listBlocks(session: Conversation, id: number, { cursor = '' }: ParamsOf<'blocks.list'>): void {
  const limit = LIMITS.contactsPerPage;
  askPeople(session.context, 'blocks', [me(session).id, cursor, limit], (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    const last = reply.value.at(-1);
    const more = last !== undefined && reply.value.length === limit ? { cursor: last.user } : {};
    session.answer(encodeResult<'blocks.list'>(id, { users: reply.value.map(userShape), ...more }));
  });
}

function change(
  session: Conversation,
  id: number,
  how: ContactChange,
  { user: other, note }: { readonly user: string; readonly note: string },
  then: (contact: ContactRecord | null) => void,
): void {
  if (other === me(session).id) return session.refuse(id, ANOTHER);
  const person = session.context.ref(personKind, me(session).id);
  const message = { type: 'change-contact', change: how, other, note } as const;
  session.context.ask(person, message, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) then(reply.value);
    else session.refuse(id, reply.fault);
  });
}
