/** Loading: what the records and the store know of a room. */
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { RoomHead } from '../../storage/ports/message-store.ts';
import type { MemberRecord, RoomRecord } from '../../storage/ports/records.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { askRecords } from '../storage/records.ts';
import type { RoomMessage } from './messages.ts';

export const LOAD_DEADLINE_MS = 5_000;

export interface StoredRoom {
  readonly record: RoomRecord;
  /** In the order of joining. */
  readonly members: readonly MemberRecord[];
  readonly head: RoomHead;
}

/** Null where there is no such room: then nothing else is asked for. Fails the room's turn if one of them is not to be had. */
export function loadRoom(context: Context<RoomMessage>, onLoaded: (found: StoredRoom | null) => void): void {
  const { id } = context.self;
  askRecords(context, 'room', [id], (reply) => {
    const record = loaded(reply);
    if (record === null) onLoaded(null);
    else loadRest(context, record, onLoaded);
  });
}

function loadRest(context: Context<RoomMessage>, record: RoomRecord, onLoaded: (found: StoredRoom) => void): void {
  const { id } = record;
  let members: readonly MemberRecord[] | undefined;
  let head: RoomHead | undefined;
  const look = (): void => {
    if (members !== undefined && head !== undefined) onLoaded({ record, members, head });
  };
  askRecords(context, 'members', [id], (reply) => {
    members = loaded(reply);
    look();
  });
  context.ask(context.ref(messageReaderKind, 'all'), { type: 'head', room: id }, LOAD_DEADLINE_MS, (reply) => {
    head = loaded(reply);
    look();
  });
}

/** A room that cannot load fails, and is tried again by its supervisor. */
export function loaded<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw new Error(`a room cannot load: ${reply.fault.message}`);
}
