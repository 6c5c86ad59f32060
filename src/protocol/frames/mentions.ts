/** Who is spoken to, out of frames that the engine made itself. */
import { decodeReplies } from '../envelope.ts';
import { MalformedFrame } from '../malformed.ts';
import type { Changed, Message } from '../types.ts';
import { messageMap } from './message.ts';

/** In the place of a user, where everybody is spoken to. No id has this sign. */
export const EVERYBODY = '*';

/** The map of a message that has nothing beside its body: six entries. */
const PLAIN_MAP = 0x86;
const NOBODY: readonly string[] = [];

/** Of a `message`; most frames say without being decoded that it is nobody. */
export function mentionsOfMessage(frame: Uint8Array): readonly string[] {
  if (frame.length === 0 || messageMap(frame)[0] === PLAIN_MAP) return NOBODY;
  const { mentions = NOBODY, mentionAll } = paramsOf<Message>(frame);
  return mentionAll === true ? [...mentions, EVERYBODY] : mentions;
}

/** Of a `changed`; undefined where it does not say who is spoken to. */
export function mentionsOfChange(frame: Uint8Array): readonly string[] | undefined {
  if (frame.length === 0) return undefined;
  const { kind, mentions = NOBODY } = paramsOf<Changed>(frame);
  return kind === 'edited' ? mentions : undefined;
}

/** Bytes that are no frame speak to nobody: who stores them has nothing to do with what they say. */
function paramsOf<T>(frame: Uint8Array): Partial<T> {
  try {
    const [notification] = decodeReplies(frame);
    return notification?.type === 'notification' ? (notification.params as Partial<T>) : {};
  } catch (error) {
    if (error instanceof MalformedFrame) return {};
    throw error;
  }
}
