import type { Message } from '../../src/client/wire.ts';
import { dayName, dayOf } from './text.ts';

/** Messages of one sender within this time stand together under one name. */
const groupMs = 5 * 60_000;

/** A message with what its place among the others makes of it. */
export interface MessageRowModel {
  readonly kind: 'message';
  readonly key: string;
  readonly message: Message;
  /** Whether it begins a group: then the sender is named. */
  readonly first: boolean;
  /** Whether it ends a group: then the time stands below. */
  readonly last: boolean;
}

/** A line in a conversation: a message, the name of a day, or the line above what is new. */
export type Row = MessageRowModel | { readonly kind: 'day' | 'news'; readonly key: string; readonly label: string };

/** The lines that show `all` but what the user has deleted for themselves; `readBefore` is the read position when the conversation was opened. */
export function rowsOf(all: readonly Message[], self: string, readBefore: number, now: number): Row[] {
  const rows: Row[] = [];
  let newsShown = false;
  const messages = all.filter((message) => message.hidden !== true);
  messages.forEach((message, index) => {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    const newDay = previous === undefined || dayOf(previous.at) !== dayOf(message.at);
    const news = !newsShown && message.seq > readBefore && message.from !== self;
    if (newDay) rows.push({ kind: 'day', key: `day-${dayOf(message.at)}`, label: dayName(message.at, now) });
    // Above the very first message everything is new, and the line would say nothing.
    if (news && readBefore > 0) rows.push({ kind: 'news', key: 'news', label: 'New' });
    newsShown ||= message.seq > readBefore;
    rows.push({
      kind: 'message',
      key: `message-${message.seq}`,
      message,
      first: newDay || (news && readBefore > 0) || !together(previous, message),
      last: next === undefined || dayOf(next.at) !== dayOf(message.at) || !together(message, next),
    });
  });
  return rows;
}

function together(a: Message | undefined, b: Message): boolean {
  return a !== undefined && a.from === b.from && b.at - a.at < groupMs;
}
