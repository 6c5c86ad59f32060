/** How what a fan-out is told crosses threads: deliveries by hand, since every message is one; the rest in general. */
import type { MessageCodec } from '../../runtime/lanes/codec.ts';
import type { FanoutMessage } from './messages.ts';

/** The first byte: the rest is the general codec's, or a delivery. */
const GENERAL = 0;
const DELIVER = 1;

export const fanoutCodec: MessageCodec<FanoutMessage> = {
  encode(writer, message, general) {
    if (message.type === 'deliver') {
      writer.u8(DELIVER);
      writer.string(message.room);
      writer.uint(message.seq);
      writer.uint(message.version);
      writer.block(message.frame);
      return;
    }
    writer.u8(GENERAL);
    general.encode(writer, message, general);
  },

  decode(reader, general) {
    if (reader.u8() !== DELIVER) return general.decode(reader, general) as FanoutMessage;
    return {
      type: 'deliver',
      room: reader.string(),
      seq: reader.uint(),
      version: reader.uint(),
      frame: reader.block(),
    };
  },

  encodeAnswer: (writer, answer, general) => general.encodeAnswer(writer, answer, general),
  decodeAnswer: (reader, general) => general.decodeAnswer(reader, general),
};
