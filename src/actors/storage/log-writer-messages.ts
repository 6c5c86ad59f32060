/** What the log writer is told and asked, and how that crosses threads. */
import { defineKind } from '../../runtime/kind.ts';
import type { ByteReader } from '../../runtime/lanes/byte-reader.ts';
import type { ByteWriter } from '../../runtime/lanes/byte-writer.ts';
import type { MessageCodec } from '../../runtime/lanes/codec.ts';
import type { Request } from '../../runtime/reply.ts';
import type { RecordStream } from '../../storage/ports/log-record.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';

/** Where the record went, or 0: nothing of it is in the log, and nothing that the room appended after it either. */
export type AppendAnswer = LogPosition;

export interface Append extends Request<AppendAnswer> {
  readonly type: 'append';
  readonly room: string;
  /** Each of a room's streams has numbers of its own. */
  readonly stream: RecordStream;
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

/** Flags of an append. */
const FIRST = 1;
const CHANGES = 2;

const APPEND = 0;
const BARRIER = 1;
const PERSISTED = 2;

function encode(writer: ByteWriter, message: LogWriterMessage): void {
  switch (message.type) {
    case 'append':
      writer.u8(APPEND);
      writer.string(message.room);
      writer.uint(message.seq);
      writer.u8((message.first ? FIRST : 0) | (message.stream === 'changes' ? CHANGES : 0));
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
      return decodeAppend(reader);
    case BARRIER:
      return { type: 'barrier', room: reader.string() };
    default:
      return { type: 'persisted', position: reader.uint() };
  }
}

function decodeAppend(reader: ByteReader): Append {
  const room = reader.string();
  const seq = reader.uint();
  const flags = reader.u8();
  const stream = (flags & CHANGES) === 0 ? 'messages' : 'changes';
  return { type: 'append', room, stream, seq, first: (flags & FIRST) !== 0, record: reader.block() };
}

function encodeAnswer(writer: ByteWriter, answer: unknown): void {
  writer.uint(answer as LogPosition);
}

function decodeAnswer(reader: ByteReader): LogPosition {
  return reader.uint();
}
