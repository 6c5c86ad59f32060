/** What the log writer is told and asked, and how that crosses threads. */
import { defineKind } from '../../runtime/kind.ts';
import type { ByteReader } from '../../runtime/lanes/byte-reader.ts';
import type { ByteWriter } from '../../runtime/lanes/byte-writer.ts';
import type { MessageCodec } from '../../runtime/lanes/codec.ts';
import type { Request } from '../../runtime/reply.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';

/** Where the record went, or 0: nothing of it is in the log, and nothing that the room appended after it either. */
export type AppendAnswer = LogPosition;

export interface Append extends Request<AppendAnswer> {
  readonly type: 'append';
  readonly room: string;
  readonly seq: number;
  /** The room knows the outcome of everything before: what the writer expects of it starts here. */
  readonly first: boolean;
  readonly record: Uint8Array;
}
/** Answered with the position of the room's last record that may not have reached the store yet; 0 if all have. */
export interface Barrier extends Request<LogPosition> {
  readonly type: 'barrier';
  readonly room: string;
}
/** Everything up to the position is in the message store. */
export interface Persisted {
  readonly type: 'persisted';
  readonly position: LogPosition;
}
/** Written by the writer to itself: the group that gathered while the last one was being written is due. */
interface Commit {
  readonly type: 'commit';
}
export type LogWriterMessage = Append | Barrier | Persisted | Commit;

export const REFUSED: AppendAnswer = 0;

const codec: MessageCodec<LogWriterMessage> = { encode, decode, encodeAnswer, decodeAnswer };

/** One for each partition of the log, whose number is its id. */
export const logWriterKind = defineKind<LogWriterMessage>({
  name: 'log-writer',
  placement: 'service',
  mailbox: { capacity: 65_536, overflow: 'refuse' },
  supervision: { onFailure: 'restart' },
  codec,
});

const APPEND = 0;
const BARRIER = 1;
const PERSISTED = 2;

function encode(writer: ByteWriter, message: LogWriterMessage): void {
  switch (message.type) {
    case 'append':
      writer.u8(APPEND);
      writer.string(message.room);
      writer.uint(message.seq);
      writer.u8(message.first ? 1 : 0);
      writer.block(message.record);
      return;
    case 'barrier':
      writer.u8(BARRIER);
      writer.string(message.room);
      return;
    case 'persisted':
      writer.u8(PERSISTED);
      writer.uint(message.position);
      return;
    case 'commit':
      throw new Error('a commit never leaves its writer');
  }
}

function decode(reader: ByteReader): LogWriterMessage {
  switch (reader.u8()) {
    case APPEND:
      return {
        type: 'append',
        room: reader.string(),
        seq: reader.uint(),
        first: reader.u8() === 1,
        record: reader.block(),
      };
    case BARRIER:
      return { type: 'barrier', room: reader.string() };
    default:
      return { type: 'persisted', position: reader.uint() };
  }
}

function encodeAnswer(writer: ByteWriter, answer: unknown): void {
  writer.uint(answer as LogPosition);
}

function decodeAnswer(reader: ByteReader): LogPosition {
  return reader.uint();
}
