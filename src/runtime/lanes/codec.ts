/** How messages become bytes on a lane. */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';

/**
 * Encodes the messages of one kind of actor, and the answers that its requests get.
 *
 * *Details.* A hot kind brings a codec written by hand; all others share the shard's general one. Every call is given the
 * general one too, for the messages of a hot kind that are rare. What is decoded is the receiver's own: it shares no memory
 * with the lane.
 */
export interface MessageCodec<M> {
  encode(writer: ByteWriter, message: M, general: MessageCodec<unknown>): void;
  decode(reader: ByteReader, general: MessageCodec<unknown>): M;
  encodeAnswer(writer: ByteWriter, answer: unknown, general: MessageCodec<unknown>): void;
  decodeAnswer(reader: ByteReader, general: MessageCodec<unknown>): unknown;
}
