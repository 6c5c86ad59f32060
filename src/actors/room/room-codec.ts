/** How what a room is told crosses threads: posts and their answers by hand, since every message is one; the rest in general. */
import type { ByteReader } from '../../runtime/lanes/byte-reader.ts';
import type { ByteWriter } from '../../runtime/lanes/byte-writer.ts';
import type { MessageCodec } from '../../runtime/lanes/codec.ts';
import type { Post, Posted, RoomMessage } from './messages.ts';

/** The first byte: the rest is the general codec's, or one of ours. */
const GENERAL = 0;
const POST = 1;
const POSTED = 1;

/** What a post has besides what all have. */
const REPLIES = 1;
const MENTIONS = 2;
const FILES = 4;
const MENTIONS_ALL = 8;

export const roomCodec: MessageCodec<RoomMessage> = {
  encode(writer, message, general) {
    if (message.type === 'post' && message.forwarded === undefined) {
      writer.u8(POST);
      encodePost(writer, message);
      return;
    }
    writer.u8(GENERAL);
    general.encode(writer, message, general);
  },

  decode(reader, general) {
    return reader.u8() === POST ? decodePost(reader) : (general.decode(reader, general) as RoomMessage);
  },

  encodeAnswer(writer, answer, general) {
    if (isPosted(answer)) {
      writer.u8(POSTED);
      writer.uint(answer.seq);
      writer.uint(answer.at);
      return;
    }
    writer.u8(GENERAL);
    general.encodeAnswer(writer, answer, general);
  },

  decodeAnswer(reader, general) {
    if (reader.u8() !== POSTED) return general.decodeAnswer(reader, general);
    return { seq: reader.uint(), at: reader.uint() };
  },
};

function encodePost(writer: ByteWriter, post: Post): void {
  const { replyTo, mentions, mentionAll, files } = post;
  writer.u8(
    (replyTo === undefined ? 0 : REPLIES) |
      (mentions === undefined ? 0 : MENTIONS) |
      (files === undefined ? 0 : FILES) |
      (mentionAll === true ? MENTIONS_ALL : 0),
  );
  writer.string(post.user);
  writer.string(post.session);
  writer.uint(post.run);
  writer.uint(post.place);
  writer.string(post.nonce);
  writer.block(post.body);
  if (replyTo !== undefined) writer.uint(replyTo);
  if (mentions !== undefined) encodeStrings(writer, mentions);
  if (files !== undefined) encodeStrings(writer, files);
}

function decodePost(reader: ByteReader): Post {
  const has = reader.u8();
  const post: Post = {
    type: 'post',
    user: reader.string(),
    session: reader.string(),
    run: reader.uint(),
    place: reader.uint(),
    nonce: reader.string(),
    body: reader.block(),
  };
  if (has === 0) return post;
  const replyTo = (has & REPLIES) === 0 ? {} : { replyTo: reader.uint() };
  const mentions = (has & MENTIONS) === 0 ? {} : { mentions: decodeStrings(reader) };
  const files = (has & FILES) === 0 ? {} : { files: decodeStrings(reader) };
  const mentionAll = (has & MENTIONS_ALL) === 0 ? {} : { mentionAll: true };
  return { ...post, ...replyTo, ...mentions, ...mentionAll, ...files };
}

function encodeStrings(writer: ByteWriter, strings: readonly string[]): void {
  writer.u32(strings.length);
  for (const one of strings) writer.string(one);
}

function decodeStrings(reader: ByteReader): string[] {
  return Array.from({ length: reader.u32() }, () => reader.string());
}

/** Exactly a `Posted` of whole numbers: an answer that has more to say is not cut down to one. */
function isPosted(answer: unknown): answer is Posted {
  if (typeof answer !== 'object' || answer === null) return false;
  const { seq, at } = answer as Partial<Posted>;
  return isCount(seq) && isCount(at) && Object.keys(answer).length === 2;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
