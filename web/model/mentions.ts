/** Names with an @ before them: found where they are written, and while they are being written. */

/** Somebody whose name can be completed. */
export interface Nameable {
  readonly user: string;
  readonly username: string;
}

/** The word that speaks to everybody. */
export const everybody = 'all';

/** A name ends where a blank or a sign begins that no sentence has inside its words. */
const written = /(^|[\s(])@([^\s@()<>,;:!?"]+)/gu;

/** A part of a text: as it is, or a name with its @. */
export interface TextPart {
  readonly text: string;
  readonly name?: string;
}

/** Splits a text at the names in it. What ends a sentence is no part of a name. */
export function splitNames(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(written)) {
    const name = (match[2] ?? '').replace(/[.'’]+$/u, '');
    const start = match.index + (match[1] ?? '').length;
    if (name === '') continue;
    if (start > end) parts.push({ text: text.slice(end, start) });
    end = start + 1 + name.length;
    parts.push({ text: text.slice(start, end), name });
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** Who is spoken to in a text. */
export function mentionsIn(text: string, members: readonly Nameable[]): { users: string[]; all: boolean } {
  const names = new Set(splitNames(text).flatMap(({ name }) => (name === undefined ? [] : [name.toLowerCase()])));
  return {
    users: members.filter(({ username }) => names.has(username.toLowerCase())).map(({ user }) => user),
    all: names.has(everybody),
  };
}

/** The name that is being written before the caret: from where on, and what of it is there. */
export function nameAt(text: string, caret: number): { readonly start: number; readonly begun: string } | undefined {
  const match = /(?:^|[\s(])@([^\s@()]{0,64})$/u.exec(text.slice(0, caret));
  if (match === null) return undefined;
  const begun = match[1] ?? '';
  return { start: caret - begun.length - 1, begun };
}

/** Whom a begun name may mean, those whose names begin so first. */
export function suggestionsFor(begun: string, members: readonly Nameable[], most: number): readonly Nameable[] {
  const wanted = begun.toLowerCase();
  const places = (name: string) => name.toLowerCase().indexOf(wanted);
  return members
    .filter(({ username }) => places(username) >= 0)
    .sort((a, b) => Math.min(1, places(a.username)) - Math.min(1, places(b.username)))
    .slice(0, most);
}
