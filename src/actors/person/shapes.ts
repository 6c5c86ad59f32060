/** People in the shapes that the wire has for them: what is empty is left out. */
import type { Contact, User } from '../../protocol/types.ts';
import type { ContactRecord, Profile } from '../../storage/ports/people.ts';

export function userShape({ user: id, username, displayName, avatar, about }: Profile): User {
  return {
    id,
    username,
    ...(displayName === '' ? {} : { displayName }),
    ...(avatar === '' ? {} : { avatar }),
    ...(about === '' ? {} : { about }),
  };
}

export function contactShape({ other, state, note, at }: ContactRecord): Contact {
  return { user: userShape(other), state, ...(note === '' ? {} : { note }), at };
}
