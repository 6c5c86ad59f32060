/** `contacts.*` and `blocks.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { Cursor, id, User, uint, type Wire } from './common.ts';

export const ContactState = Type.Union([Type.Literal('outgoing'), Type.Literal('incoming'), Type.Literal('accepted')], {
  description: '`outgoing`: asked by the user; `incoming`: asked by the other; `accepted`: contacts of each other.',
});
export type ContactState = Wire<typeof ContactState>;

const Note = Type.String({
  maxLength: LIMITS.maxContactNoteLength,
  description: 'What the one who asks says with it.',
});
const At = uint('When it became so: milliseconds since the epoch.');

export const Contact = Type.Object(
  { user: User, state: ContactState, note: Type.Optional(Note), at: At },
  { description: 'How the user stands to another.' },
);
export type Contact = Wire<typeof Contact>;

export const ContactsRequestParams = Type.Object({ user: id('Whom to ask.'), note: Type.Optional(Note) });
export type ContactsRequestParams = Wire<typeof ContactsRequestParams>;

export const ContactResult = Type.Object({ contact: Contact });
export type ContactResult = Wire<typeof ContactResult>;

export const OtherUserParams = Type.Object({ user: id('The other user.') });
export type OtherUserParams = Wire<typeof OtherUserParams>;

export const ContactsListParams = Type.Object({ cursor: Type.Optional(Cursor), state: Type.Optional(ContactState) });
export type ContactsListParams = Wire<typeof ContactsListParams>;

export const ContactsListResult = Type.Object({
  contacts: Type.Array(Contact, { description: 'A page, in the order of the ids.' }),
  cursor: Type.Optional(Cursor),
});
export type ContactsListResult = Wire<typeof ContactsListResult>;

export const BlocksListParams = Type.Object({ cursor: Type.Optional(Cursor) });
export type BlocksListParams = Wire<typeof BlocksListParams>;

export const BlocksListResult = Type.Object({
  users: Type.Array(User, { description: 'A page of those whom the user has blocked, in the order of the ids.' }),
  cursor: Type.Optional(Cursor),
});
export type BlocksListResult = Wire<typeof BlocksListResult>;

export const ContactNotice = Type.Object(
  {
    user: User,
    state: Type.Union(
      [Type.Literal('outgoing'), Type.Literal('incoming'), Type.Literal('accepted'), Type.Literal('none')],
      { description: 'As in `contacts.list`; `none`: there is nothing between the two any more.' },
    ),
    note: Type.Optional(Note),
    at: At,
  },
  { description: 'How the user stands to another has changed: to all sockets of both. `contacts.list` has the rest.' },
);
export type ContactNotice = Wire<typeof ContactNotice>;
