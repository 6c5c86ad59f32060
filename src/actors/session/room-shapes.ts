/** A room's view in the shapes that the wire has for it. */
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { RoomEntry, RoomSummary } from '../../protocol/types.ts';
import type { Person, RoomView } from '../room/messages.ts';

/** Rooms in one answer; the rest is fetched with `rooms.list`. All of them are served from the start. */
export const ROOMS_PER_PAGE = 200;

export function summaryOf({ room, kind, title, seq, change, log, read, role, peer }: RoomView): RoomSummary {
  return { id: room, kind, title, seq, change, log, read, role, ...(peer === undefined ? {} : { peer }) };
}

export function entryOf({ room, kind, title, seq, change, log, read, role, peer }: RoomView): RoomEntry {
  return { room, kind, title, seq, change, log, read, role, ...(peer === undefined ? {} : { peer }) };
}

/** Tells a client that it is in the room now. */
export function joinedFrame(view: RoomView, { id: user, username }: Person): Uint8Array {
  return encodeNotification('room', { event: 'joined', version: view.version, user, username, ...entryOf(view) });
}
