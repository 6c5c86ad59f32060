/** How a profile lies in the cache. What another release wrote, or a stranger, counts as absent. */
import type { Profile } from '../ports/people.ts';
import { parse } from './codecs.ts';
import type { Codec } from './space-options.ts';

const utf8 = new TextEncoder();

export const personCodec: Codec<Profile> = {
  encode: ({ user, username, displayName, avatar, about }) =>
    utf8.encode(JSON.stringify([user, username, displayName, avatar, about])),
  decode(bytes) {
    const row = parse(bytes);
    if (!Array.isArray(row) || row.length !== 5 || !row.every((field) => typeof field === 'string')) return undefined;
    const [user, username, displayName, avatar, about] = row as [string, string, string, string, string];
    return { user, username, displayName, avatar, about };
  },
};
