/** A change of the room was lost on its way to a thread: its clients are told how the room stands now. */
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import type { RoomView } from '../room/messages.ts';
import { INITIAL_FIELDS } from '../room/state.ts';

/** All fields, and the receiver's own role. */
export function caughtUpFrame({ room, version, title, role, extras }: RoomView): Uint8Array {
  const fields = { ...INITIAL_FIELDS, ...extras };
  return encodeNotification('room', { room, event: 'updated', version, title, role, ...withoutMute(fields) });
}

function withoutMute<T extends { readonly muted?: number }>({
  muted,
  ...fields
}: T): Omit<T, 'muted'> & { until?: number } {
  return muted === undefined ? fields : { ...fields, until: muted };
}
