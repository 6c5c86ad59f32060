/** Words, dates and names as people read them. */

import type { MailroomError } from '../../src/client/errors.ts';
import { fileOfBody } from '../../src/client/file-body.ts';
import { textOfBody } from '../../src/client/text.ts';
import { decodeBody } from '../../src/protocol/frames/body.ts';

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const fullDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

const dayMs = 24 * 3_600_000;

/** The clock time of a message. */
export function timeOf(at: number): string {
  return time.format(at);
}

/** Date and time in full, for tooltips and screen readers. */
export function momentOf(at: number): string {
  return exact.format(at);
}

/** A number that is the same for all moments of one local day, and one more for the next day. */
export function dayOf(at: number): number {
  const date = new Date(at);
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / dayMs);
}

/** A day as a separator names it. */
export function dayName(at: number, now: number): string {
  const age = dayOf(now) - dayOf(at);
  if (age === 0) return 'Today';
  if (age === 1) return 'Yesterday';
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayOfYear.format(at) : fullDate.format(at);
}

/** When a room's last message came, in the little room of the list. */
export function briefTime(at: number, now: number): string {
  const age = dayOf(now) - dayOf(at);
  if (age === 0) return timeOf(at);
  return age > 0 && age < 7 ? weekday.format(at).slice(0, 3) : shortDate.format(at);
}

/** What a body says, or what stands in for one that cannot be shown. */
export function shownText(body: Uint8Array): string {
  return textOfBody(body) ?? fileOfBody(body)?.name ?? stubOf(body) ?? 'This message cannot be shown here.';
}

function stubOf(body: Uint8Array): string | undefined {
  const decoded = decodeBody(body);
  if (decoded?.type !== 'system' || !('event' in decoded)) return undefined;
  if (decoded.event === 'recalled') return 'This message was recalled.';
  return decoded.event === 'hidden' ? 'You have deleted this message.' : undefined;
}

/** One or two letters for an avatar. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '');
  const first = [...(words[0] ?? '?')];
  const second = words.length > 1 ? [...(words.at(-1) ?? '')][0] : first[1];
  return `${first[0] ?? '?'}${second ?? ''}`.toUpperCase();
}

/** One of eight tones, the same for the same name everywhere. */
export function toneOf(key: string): number {
  let hash = 0;
  for (const char of key) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % 8;
}

const sentences: Readonly<Record<string, string>> = {
  unavailable: 'The server cannot be reached right now. Please try again.',
  overloaded: 'The server is busy. Please try again in a moment.',
  rate_limited: 'That was a bit fast. Please wait a moment and try again.',
  forbidden: 'You are not allowed to do that.',
  not_found: 'There is nothing by that name.',
  internal: 'Something went wrong on the server. Please try again.',
};

/** An error in words for the user; `own` has the words that fit the place better. */
export function explain(error: MailroomError, own: Readonly<Record<string, string>> = {}): string {
  const sentence = own[error.code] ?? sentences[error.code];
  if (sentence !== undefined) return sentence;
  const { message } = error;
  return message === '' ? 'That did not work.' : `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
}

/** Why a room did not let the user in: the room itself says it best. */
export function explainJoining(error: MailroomError): string {
  const missing = 'There is no such room, or the link is over or used up.';
  if (error.code === 'forbidden') return `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
  return explain(error, { not_found: missing });
}
