/** The frames of a message's way: the notification, the answer to its poster, and a page of history. */
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

/**
 * The whole `message` notification, `[2, "message", [{…}]]`. Encoded once per post: the same bytes go to every socket, to
 * the log and to the store.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { replyTo, mentions, mentionAll, files, hidden } = message;
  writer.begin();
  writer.raw(PREFIX);
  const others = [
    replyTo !== undefined,
    mentions !== undefined,
    mentionAll === true,
    files !== undefined,
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
  if (hidden === true) flagEntry(HIDDEN);
  return writer.finish();
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

function textsEntry(name: Uint8Array, values: readonly string[]): void {
  writer.raw(name);
  writer.array(values.length);
  for (const value of values) writer.text(value);
}

function key(name: string): Uint8Array {
  return Uint8Array.of(0xa0 | name.length, ...ascii.encode(name));
}
