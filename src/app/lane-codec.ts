/** The general codec of the lanes: msgpack for every kind that brings no codec of its own. */
import { Packr } from 'msgpackr';
import type { MessageCodec } from '../runtime/lanes/codec.ts';

const packr = new Packr({ useRecords: false, moreTypes: false });

export const laneCodec: MessageCodec<unknown> = {
  encode: (writer, message) => writer.block(packr.pack(message)),
  decode: (reader) => packr.unpack(reader.block()),
  encodeAnswer: (writer, answer) => writer.block(packr.pack(answer)),
  decodeAnswer: (reader) => packr.unpack(reader.block()),
};
