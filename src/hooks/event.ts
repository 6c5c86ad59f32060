/** What a hook is sent: an event with an id that stays the same however often it is sent, and a signature. */
import { createHash, createHmac } from 'node:crypto';
import type { Hook } from '../storage/ports/hooks.ts';

/** One message for one hook. */
export interface HookEvent {
  readonly hook: string;
  readonly room: string;
  readonly seq: number;
}

/** Messages of one room, both ends included. */
export interface RoomRange {
  readonly room: string;
  readonly from: number;
  readonly to: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** The same for the same message and hook: 43 characters of `[A-Za-z0-9_-]`. */
export function eventId({ hook, room, seq }: HookEvent): string {
  return createHash('sha256').update(`${hook}/${room}/${seq}`).digest('base64url');
}

/** Of the bytes `timestamp.body`. */
export function signature(secret: string, timestamp: string, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

export function wants({ rooms }: Pick<Hook, 'rooms'>, room: string): boolean {
  return rooms.length === 0 || rooms.includes(room);
}

/** Jobs are JSON: they are few, and an operator may have to read them. */
export function encodeJob(job: HookEvent | readonly RoomRange[]): Uint8Array {
  return utf8.encode(JSON.stringify(job));
}

export function decodeEvent(bytes: Uint8Array): HookEvent {
  return JSON.parse(text.decode(bytes)) as HookEvent;
}

export function decodeRanges(bytes: Uint8Array): readonly RoomRange[] {
  return JSON.parse(text.decode(bytes)) as readonly RoomRange[];
}
