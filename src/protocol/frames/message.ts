/** The frames of a message's way: the notification, the answer to its poster, and a page of history. */
import { MsgpackReader } from '../msgpack/reader.ts';
import { MsgpackWriter } from '../msgpack/writer.ts';
import type { Message } from '../types.ts';

const ascii = new TextEncoder();
const writer = new MsgpackWriter();

/** What stands before the map in every `message` notification: `[2, "message", [`. */
const PREFIX = Uint8Array.of(0x93, 2, 0xa7, ...ascii.encode('message'), 0x91);

const ROOM = key('room');
const SEQ = key('seq');
const FROM = key('from');
const AT = key('at');
const NONCE = key('nonce');
const BODY = key('body');
const REPLY_TO = key('replyTo');
const MENTIONS = key('mentions');
const MENTION_ALL = key('mentionAll');
const FILES = key('files');
const HIDDEN = key('hidden');
const MESSAGES = key('messages');
const MORE = key('more');
const CHANGE = key('change');
const FORWARDED = key('forwarded');
const EDITED = key('edited');
const RECALLED = key('recalled');
const REACTIONS = key('reactions');
const REACTION = key('reaction');
const COUNT = key('count');
const MINE = key('mine');
const PINNED = key('pinned');
const CHANGES = key('changes');

/**
 * The whole `message` notification, `[2, "message", [{…}]]`. Encoded once per post: the same bytes go to every socket, to
 * the log and to the store.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { replyTo, mentions, mentionAll, files, hidden } = message;
  const { forwarded, change, edited, recalled, reactions, pinned } = message;
  writer.begin();
  writer.raw(PREFIX);
  const others = [
    replyTo !== undefined,
    mentions !== undefined,
    mentionAll === true,
    files !== undefined,
    forwarded !== undefined,
    change !== undefined,
    edited !== undefined,
    recalled === true,
    reactions !== undefined,
    pinned === true,
    hidden === true,
  ];
  writer.smallMap(6 + others.filter(Boolean).length);
  textEntry(ROOM, message.room);
  uintEntry(SEQ, message.seq);
  textEntry(FROM, message.from);
  uintEntry(AT, message.at);
  textEntry(NONCE, message.nonce);
  writer.raw(BODY);
  writer.bin(message.body);
  if (replyTo !== undefined) uintEntry(REPLY_TO, replyTo);
  if (mentions) textsEntry(MENTIONS, mentions);
  if (mentionAll === true) flagEntry(MENTION_ALL);
  if (files) textsEntry(FILES, files);
  if (forwarded) forwardedEntry(forwarded);
  if (change !== undefined) uintEntry(CHANGE, change);
  if (edited !== undefined) uintEntry(EDITED, edited);
  if (recalled === true) flagEntry(RECALLED);
  if (reactions) reactionsEntry(reactions);
  if (pinned === true) flagEntry(PINNED);
  if (hidden === true) flagEntry(HIDDEN);
  return writer.finish();
}

/** What {@link encodeMessage} made a frame from. The body is a view of the frame. Throws a `MalformedFrame` for other bytes. */
export function decodeMessage(frame: Uint8Array): Message {
  const reader = new MsgpackReader(messageMap(frame), frame.length);
  return reader.readValue() as Message;
}

/** The map alone, as a view of a frame made by {@link encodeMessage}. */
export function messageMap(frame: Uint8Array): Uint8Array {
  return frame.subarray(PREFIX.length);
}

/** The answer to `messages.post`: `[1, id, nil, {seq, at}]`. `at` in milliseconds since the epoch. */
export function encodePostResult(id: number, seq: number, at: number): Uint8Array {
  beginResult(id);
  writer.smallMap(2);
  uintEntry(SEQ, seq);
  uintEntry(AT, at);
  return writer.finish();
}

/**
 * The answer to `messages.history`, laid together from stored frames without decoding them.
 *
 * *Gotchas.* The frames are trusted to come from {@link encodeMessage}, ascending by seq. Their total is the caller's to bound.
 */
export function encodeHistoryResult(
  id: number,
  frames: readonly Uint8Array[],
  more: boolean,
  change: number,
): Uint8Array {
  beginResult(id);
  writer.smallMap(3);
  writer.raw(MESSAGES);
  writer.array(frames.length);
  for (const frame of frames) writer.raw(messageMap(frame));
  writer.raw(MORE);
  writer.boolean(more);
  uintEntry(CHANGE, change);
  return writer.finish();
}

/** The answer to `messages.changes`, laid together from stored `changed` notifications without decoding them. */
export function encodeChangesResult(id: number, frames: readonly Uint8Array[], more: boolean): Uint8Array {
  beginResult(id);
  writer.smallMap(2);
  writer.raw(CHANGES);
  writer.array(frames.length);
  // Both names have seven letters, so that the map begins at the same place.
  for (const frame of frames) writer.raw(messageMap(frame));
  writer.raw(MORE);
  writer.boolean(more);
  return writer.finish();
}

function beginResult(id: number): void {
  writer.begin();
  writer.array(4);
  writer.uint(1);
  writer.uint(id);
  writer.nil();
}

function textEntry(name: Uint8Array, value: string): void {
  writer.raw(name);
  writer.text(value);
}

function uintEntry(name: Uint8Array, value: number): void {
  writer.raw(name);
  writer.uint(value);
}

function flagEntry(name: Uint8Array): void {
  writer.raw(name);
  writer.boolean(true);
}

function forwardedEntry({ room, from, at }: NonNullable<Message['forwarded']>): void {
  writer.raw(FORWARDED);
  writer.smallMap(room === undefined ? 2 : 3);
  if (room !== undefined) textEntry(ROOM, room);
  textEntry(FROM, from);
  uintEntry(AT, at);
}

function reactionsEntry(reactions: NonNullable<Message['reactions']>): void {
  writer.raw(REACTIONS);
  writer.array(reactions.length);
  for (const { reaction, count, mine } of reactions) {
    writer.smallMap(mine === true ? 3 : 2);
    textEntry(REACTION, reaction);
    uintEntry(COUNT, count);
    if (mine === true) flagEntry(MINE);
  }
}

function textsEntry(name: Uint8Array, values: readonly string[]): void {
  writer.raw(name);
  writer.array(values.length);
  for (const value of values) writer.text(value);
}

function key(name: string): Uint8Array {
  return Uint8Array.of(0xa0 | name.length, ...ascii.encode(name));
}
