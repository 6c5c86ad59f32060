/** A room's view in the shapes that the wire has for it. */
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { RoomEntry, RoomSummary } from '../../protocol/types.ts';
import type { Person, RoomView } from '../room/messages.ts';

/** Rooms in one answer; the rest is fetched with `rooms.list`. All of them are served from the start. */
export const ROOMS_PER_PAGE = 200;

export function summaryOf({ room, kind, title, seq, change, log, read, role, ...rest }: RoomView): RoomSummary {
  return { id: room, kind, title, seq, change, log, read, role, ...sometimes(rest) };
}

export function entryOf({ room, kind, title, seq, change, log, read, role, ...rest }: RoomView): RoomEntry {
  return { room, kind, title, seq, change, log, read, role, ...sometimes(rest) };
}

type Sometimes = Pick<RoomView, 'peer' | 'mentions' | 'marked' | 'hidden' | 'extras'>;

/** What is left out where there is nothing to say. */
function sometimes({ peer, mentions, marked, hidden, extras }: Sometimes) {
  return {
    ...(mentions === undefined ? {} : { mentions }),
    ...extras,
    ...(peer === undefined ? {} : { peer }),
    ...(marked === undefined ? {} : { marked }),
    ...(hidden === undefined ? {} : { hidden }),
  };
}

/** Tells a client that it is in the room now. */
export function joinedFrame(view: RoomView, { id: user, username }: Person): Uint8Array {
  const { muted, ...entry } = entryOf(view);
  const until = muted === undefined ? {} : { until: muted };
  return encodeNotification('room', { event: 'joined', version: view.version, user, username, ...entry, ...until });
}
