/**
 * The log writer: makes the records of a partition durable in groups, in order, without a hole.
 *
 * Owns the partition's writing side. Rooms ask it; it tells the partition's persister of what was written. What it knows of
 * rooms (next seq, last position) is soft: a room that asserts `first` starts it anew.
 */
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { RecordStream } from '../../storage/ports/log-record.ts';
import type { LogPosition, MessageLogWriter } from '../../storage/ports/message-log.ts';
import { type Append, type LogWriterMessage, REFUSED } from './log-writer-messages.ts';
import { persisterKind } from './persister.ts';

interface RoomState {
  /** The seq that the next append must have. */
  next: number;
  position: LogPosition;
}

interface Waiting {
  readonly append: Append;
  readonly replyTo: ReplyTo | undefined;
}

interface WaitingBarrier {
  readonly room: string;
  readonly replyTo: ReplyTo | undefined;
}

/** What a new incarnation must know of the one before it: the group that it was writing, if that is not settled yet. */
interface Legacy {
  underWay: Promise<unknown> | undefined;
}

/**
 * `partitions` are the logs by partition, which is the id of their writer. `isSure` says whether this node surely owns the
 * slots at the moment: what is written while it is not may lie behind another owner's fence, and is not acknowledged.
 */
export function logWriter(partitions: readonly MessageLogWriter[], isSure: () => boolean): Behaviour<LogWriterMessage> {
  const legacies = partitions.map((): Legacy => ({ underWay: undefined }));
  return (context) => {
    const partition = Number(context.self.id);
    return new LogWriter(context, partitions[partition] as MessageLogWriter, legacies[partition] as Legacy, isSure);
  };
}

class LogWriter implements Actor<LogWriterMessage> {
  readonly #context: Context<LogWriterMessage>;
  readonly #log: MessageLogWriter;
  readonly #legacy: Legacy;
  readonly #isSure: () => boolean;
  readonly #rooms = new Map<string, RoomState>();
  #group: Waiting[] = [];
  /** Bytes of the records in `group`. */
  #waitingBytes = 0;
  /** What the driver is writing. */
  #writing: readonly Waiting[] = [];
  /** By room: a room that asks again has given up its earlier question. */
  #barriers = new Map<string, WaitingBarrier>();
  #committing = false;
  /** What the log held when this incarnation began: of which rooms, it does not know. */
  #inherited: LogPosition;
  #persisted: LogPosition = 0;

  constructor(context: Context<LogWriterMessage>, log: MessageLogWriter, legacy: Legacy, isSure: () => boolean) {
    this.#isSure = isSure;
    this.#context = context;
    this.#log = log;
    this.#legacy = legacy;
    this.#inherited = log.head;
  }

  started(): void {
    if (this.#legacy.underWay === undefined) return this.#inherit();
    this.#context.suspend();
    this.#context.pipe(this.#legacy.underWay, () => {
      this.#inherit();
      this.#context.resume();
    });
  }

  receive(message: LogWriterMessage): void {
    switch (message.type) {
      case 'append':
        return this.#append(message);
      case 'barrier':
        return this.#barrier({ room: message.room, replyTo: this.#context.replyTo() });
      case 'persisted':
        return this.#forget(message.position);
      case 'commit':
        return this.#commit();
    }
  }

  stopping(): boolean | undefined {
    if (this.#committing) return false;
    if (this.#group.length > 0) this.#commit();
    return undefined;
  }

  #append(append: Append): void {
    const key = keyOf(append.room, append.stream);
    const room = this.#rooms.get(key);
    if (!append.first && room?.next !== append.seq) {
      this.#context.reply(REFUSED);
      return;
    }
    // As for a full mailbox: what the room sent on top of it does not have the seq that is expected, and is refused.
    if (this.#waitingBytes >= MAX_WAITING_BYTES) {
      this.#context.fail(FULL);
      return;
    }
    this.#waitingBytes += append.record.length;
    if (room === undefined) this.#rooms.set(key, { next: append.seq + 1, position: this.#unknown });
    else room.next = append.seq + 1;
    this.#group.push({ append, replyTo: this.#context.replyTo() });
    // The commit queues behind the appends that wait already, so that one group takes them all.
    if (this.#group.length > 1 || this.#committing) return;
    if (!this.#context.tell(this.#context.self, { type: 'commit' })) this.#commit();
  }

  /** The persister says how far it has come once it hears of the log. */
  #inherit(): void {
    this.#legacy.underWay = undefined;
    this.#inherited = this.#log.head;
    this.#tellPersister();
  }

  /** Appends of the room that are on their way count too, so that the answer waits for what becomes of them. */
  #barrier(barrier: WaitingBarrier): void {
    const { room, replyTo } = barrier;
    const concerns = ({ append }: Waiting): boolean => append.room === room;
    if (this.#group.some(concerns) || this.#writing.some(concerns)) {
      this.#barriers.get(room)?.replyTo?.settle(undefined, ASKED_AGAIN);
      this.#barriers.set(room, barrier);
    } else replyTo?.settle(Math.max(this.#positionOf(room, 'messages'), this.#positionOf(room, 'changes')), undefined);
  }

  #positionOf(room: string, stream: RecordStream): LogPosition {
    return this.#rooms.get(keyOf(room, stream))?.position ?? this.#unknown;
  }

  /** Position of a room that nothing is known of: an earlier incarnation may have written it. */
  get #unknown(): LogPosition {
    return this.#inherited > this.#persisted ? this.#inherited : 0;
  }

  #answerBarriers(): void {
    const barriers = this.#barriers;
    this.#barriers = new Map();
    for (const barrier of barriers.values()) this.#barrier(barrier);
  }

  #commit(): void {
    const group = this.#group;
    if (group.length === 0 || this.#committing) return;
    this.#group = [];
    this.#waitingBytes = 0;
    try {
      const written = this.#log.append(group.map((waiting) => waiting.append.record));
      if (!(written instanceof Promise)) {
        this.#committed(group, written);
        return;
      }
      this.#committing = true;
      this.#writing = group;
      this.#legacy.underWay = written;
      this.#context.pipe(written, (outcome) => {
        this.#committing = false;
        this.#writing = [];
        this.#legacy.underWay = undefined;
        if ('value' in outcome) this.#committed(group, outcome.value);
        else this.#failed(group, outcome.error);
        this.#commit();
      });
    } catch (error) {
      this.#failed(group, error);
    }
  }

  #committed(group: readonly Waiting[], position: LogPosition): void {
    for (const { append, replyTo } of group) {
      const room = this.#rooms.get(keyOf(append.room, append.stream));
      if (room !== undefined) room.position = position;
      if (this.#isSure()) replyTo?.settle(position, undefined);
      else replyTo?.settle(undefined, UNSURE);
    }
    this.#tellPersister();
    this.#answerBarriers();
  }

  #tellPersister(): void {
    this.#context.tell(this.#context.ref(persisterKind, this.#context.self.id), { type: 'written' });
  }

  /** Nothing of the group is in the log: whatever its rooms send on top of it is refused until they start anew. */
  #failed(group: readonly Waiting[], error: unknown): void {
    const streams = new Set(group.map(({ append }) => keyOf(append.room, append.stream)));
    const isOnTop = ({ append }: Waiting): boolean => streams.has(keyOf(append.room, append.stream));
    const onTop = this.#group.filter(isOnTop);
    this.#group = this.#group.filter((waiting) => !isOnTop(waiting));
    this.#waitingBytes = this.#group.reduce((sum, { append }) => sum + append.record.length, 0);
    for (const { append, replyTo } of [...group, ...onTop]) {
      const room = this.#rooms.get(keyOf(append.room, append.stream));
      if (room !== undefined) room.next = NEVER;
      replyTo?.settle(REFUSED, undefined);
    }
    this.#answerBarriers();
    if (!(error instanceof StorageFault)) throw error;
  }

  /** Rooms with nothing left above the store's position need no state: their next append asserts `first` or is refused. */
  #forget(position: LogPosition): void {
    this.#persisted = position;
    for (const room of this.#rooms.values()) if (room.position > 0 && room.position <= position) room.position = 0;
    if (this.#rooms.size < MAX_ROOMS) return;
    for (const [id, room] of this.#rooms) if (room.position === 0) this.#rooms.delete(id);
  }
}

/** Of a room's stream. No room's id has a space. */
function keyOf(room: string, stream: RecordStream): string {
  return stream === 'messages' ? room : `${room} changes`;
}

/** No append has this seq: the room must start anew. */
const NEVER = -1;
const UNSURE = { code: 'unavailable', message: 'another node may have taken over by now' } as const;
const ASKED_AGAIN = { code: 'unavailable', message: 'the room has asked again meanwhile' } as const;
const FULL = { code: 'overloaded', message: 'too much waits for the message log' } as const;
/** Past this much, appends are refused until the group under way is written: the log is away, or too slow. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** Past this many rooms the idle ones are forgotten; a forgotten room's next append is refused once and starts anew. */
const MAX_ROOMS = 200_000;
