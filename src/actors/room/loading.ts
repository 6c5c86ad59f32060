/** Loading: what the records and the store know of a room. */
import type { Context } from '../../runtime/context.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { RoomGovernance } from '../../storage/ports/governance.ts';
import type { RoomHead } from '../../storage/ports/message-store.ts';
import type { RoomReading } from '../../storage/ports/reading.ts';
import type { MemberRecord, RoomRecord } from '../../storage/ports/records.ts';
import { askGovernance } from '../storage/governance.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { askReading } from '../storage/reading.ts';
import { askRecords } from '../storage/records.ts';
import type { RoomMessage } from './messages.ts';
import { loadWishes, type Wishes } from './wishes.ts';

export const LOAD_DEADLINE_MS = 5_000;

export interface StoredRoom {
  readonly record: RoomRecord;
  /** In the order of joining. */
  readonly members: readonly MemberRecord[];
  readonly head: RoomHead;
  readonly reading: RoomReading;
  readonly governance: RoomGovernance;
  readonly wishes: Wishes;
}

/**
 * Null where there is no such room: then nothing else is asked for. `onAway` is called, once, where something is not to be
 * had now; the room's turn fails where it never will be.
 */
export function loadRoom(
  context: Context<RoomMessage>,
  onLoaded: (found: StoredRoom | null) => void,
  onAway: () => void,
): void {
  const { id } = context.self;
  askRecords(context, 'room', [id], (reply) => {
    if (isAway(reply)) onAway();
    else if (reply.value === null) onLoaded(null);
    else loadRest(context, reply.value, onLoaded, onAway);
  });
}

function loadRest(
  context: Context<RoomMessage>,
  record: RoomRecord,
  onLoaded: (found: StoredRoom) => void,
  onAway: () => void,
): void {
  const { id, kind } = record;
  let members: readonly MemberRecord[] | undefined;
  let head: RoomHead | undefined;
  let reading: RoomReading | undefined;
  let governance: RoomGovernance | null | undefined;
  let wishes: Wishes | undefined;
  let hasFailed = false;
  const failed = (): void => {
    if (!hasFailed) onAway();
    hasFailed = true;
  };
  const look = (): void => {
    if (members === undefined || head === undefined || reading === undefined || wishes === undefined) return;
    if (governance === undefined) return;
    if (governance === null) failed();
    else onLoaded({ record, members, head, reading, governance, wishes });
  };
  askRecords(context, 'members', [id], (reply) => {
    if (isAway(reply)) return failed();
    members = reply.value;
    const users = members.map(({ user }) => user);
    const onWishes = (loaded: Wishes): void => {
      wishes = loaded;
      look();
    };
    loadWishes(context, kind, users, onWishes, failed);
  });
  askReading(context, 'readingOf', [id], (reply) => {
    if (isAway(reply)) return failed();
    reading = reply.value;
    look();
  });
  askGovernance(context, 'governance', [id], (reply) => {
    if (isAway(reply)) return failed();
    governance = reply.value;
    look();
  });
  context.ask(context.ref(messageReaderKind, 'all'), { type: 'head', room: id }, LOAD_DEADLINE_MS, (reply) => {
    if (isAway(reply)) return failed();
    head = reply.value;
    look();
  });
}

/** Whether there is no answer now. Throws where there is one that no repetition will better. */
export function isAway<T>(reply: Reply<T>): reply is Extract<Reply<T>, { readonly ok: false }> {
  if (reply.ok) return false;
  const { code, message } = reply.fault;
  if (code === 'unavailable' || code === 'overloaded') return true;
  throw new Error(`a room cannot load: ${message}`);
}
