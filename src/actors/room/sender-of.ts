/** Whose message a frame holds. */
import { decodeReplies } from '../../protocol/envelope.ts';

/** `frame` is an encoded `message` notification, as rooms make them. */
export function senderOf(frame: Uint8Array): string {
  const [reply] = decodeReplies(frame);
  const from: unknown = reply?.type === 'notification' ? reply.params.from : undefined;
  if (typeof from !== 'string') throw new Error('a frame of a message names its sender');
  return from;
}
