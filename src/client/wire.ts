/** The one place where the client meets the codec: everything else in this folder speaks in these types. */
import { decodeReplies } from '../protocol/envelope.ts';
import type { Fault } from '../protocol/faults.ts';
import { concat, encodeRequest as encode } from '../protocol/frames/rpc.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { Method, NotificationName, NotificationParams, ParamsOf, ResultOf } from '../protocol/types.ts';

export type {
  Body,
  Changed,
  ChangeResult,
  Contact,
  ContactNotice,
  ContactState,
  Device,
  DownloadChange,
  FileChange,
  Gap,
  HelloParams,
  HelloResult,
  Hidden,
  JoinPolicy,
  Message,
  Method,
  ParamsOf,
  Presence,
  Read,
  ResultOf,
  ResumePosition,
  RoomChange,
  RoomDetails,
  RoomEntry,
  RoomKind,
  RoomLink,
  RoomMember,
  RoomRole,
  RoomSummary,
  RoomsBansResult,
  RoomsMembersResult,
  RoomsRequestsResult,
  Typing,
  User,
  UserSettings,
} from '../protocol/types.ts';

export type PostResult = ResultOf<'messages.post'>;
export type HistoryPage = ResultOf<'messages.history'>;

/** A notification of this version of the wire. */
export type Notification = {
  readonly [Name in NotificationName]: {
    readonly type: 'notification';
    readonly method: Name;
    readonly params: NotificationParams<Name>;
  };
}[NotificationName];

/** An answer; which request it belongs to says its `id`. */
export interface Response {
  readonly type: 'response';
  readonly id: number;
  readonly fault: Fault | null;
  readonly result: object | null;
}

export type Incoming = Notification | Response;

/** What one WebSocket message holds, in order. Throws on bytes that are none of ours. */
export function readIncoming(bytes: Uint8Array): readonly Incoming[] {
  return decodeReplies(bytes) as readonly unknown[] as readonly Incoming[];
}

export function encodeRequest<M extends Method>(id: number, method: M, params: ParamsOf<M>): Uint8Array {
  return encode(id, method, params);
}

/** Packs frames into as few WebSocket messages as the limits of the wire allow, in order. */
export function packFrames(frames: readonly Uint8Array[]): Uint8Array[] {
  const packed: Uint8Array[] = [];
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const frame of frames) {
    const full = batch.length === LIMITS.maxMessagesPerSocketMessage;
    if (batch.length > 0 && (full || bytes + frame.length > LIMITS.maxSocketMessageBytes)) {
      packed.push(concat(batch));
      batch = [];
      bytes = 0;
    }
    batch.push(frame);
    bytes += frame.length;
  }
  if (batch.length > 0) packed.push(concat(batch));
  return packed;
}
