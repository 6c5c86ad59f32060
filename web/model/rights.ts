import type { Room } from '../../src/client/directory.ts';
import type { Message } from '../../src/client/wire.ts';

/** What the app offers; what is allowed says the server. */

type Standing = Pick<Room, 'kind' | 'role' | 'announcement' | 'muted'>;

/** Why the user cannot write in a room, or undefined where they can. */
export function silenceOf(room: Standing, now: number): string | undefined {
  if (room.kind === 'direct' || rules(room)) return undefined;
  if (room.kind === 'channel' || room.announcement) return 'Only owner and admins post here.';
  return room.muted > now ? 'You are muted in this room.' : undefined;
}

export function mayReact(room: Standing, now: number): boolean {
  return room.kind === 'direct' || rules(room) || room.muted <= now;
}

export function mayPin(room: Standing): boolean {
  return room.kind === 'direct' || rules(room);
}

/** Whether the user may speak to everybody. */
export function mayCallAll(room: Standing): boolean {
  return room.kind === 'direct' || rules(room);
}

export function mayRecall(room: Standing, message: Message, self: string): boolean {
  return message.from === self || (room.kind !== 'direct' && rules(room));
}

function rules({ role }: Standing): boolean {
  return role !== 'member';
}
