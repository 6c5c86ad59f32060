/** A message as HTTP shows it: JSON has no bytes, so that a body is its text, or else base64. */
import { decodeReplies } from '../protocol/envelope.ts';
import { decodeBody } from '../protocol/frames/body.ts';

/** `frame` is an encoded `message` notification, as rooms make them. */
export function messageOfFrame(frame: Uint8Array): Readonly<Record<string, unknown>> {
  const [reply] = decodeReplies(frame);
  if (reply?.type !== 'notification') throw new Error('a frame of a message is a notification');
  const { body, ...message } = reply.params;
  return body instanceof Uint8Array ? { ...message, ...shownBody(body) } : message;
}

function shownBody(bytes: Uint8Array): Readonly<Record<string, string>> {
  const body = decodeBody(bytes);
  return body?.type === 'text' ? { text: body.text } : { body: Buffer.from(bytes).toString('base64') };
}
