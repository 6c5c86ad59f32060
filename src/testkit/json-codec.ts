/** Carries any plain message over a lane as JSON, so that a test needs no other codec. */
import type { MessageCodec } from '../runtime/lanes/codec.ts';

const utf8 = new TextEncoder();
const text = new TextDecoder();

export const jsonCodec: MessageCodec<unknown> = {
  encode: (writer, message) => writer.block(utf8.encode(JSON.stringify(message))),
  decode: (reader) => JSON.parse(text.decode(reader.block())),
  encodeAnswer: (writer, answer) => writer.block(utf8.encode(JSON.stringify([answer]))),
  decodeAnswer: (reader) => (JSON.parse(text.decode(reader.block())) as unknown[])[0],
};
