import { decodeBody } from '../protocol/frames/body.ts';

/**
 * The text of a message's body. Undefined where the body is of another type, of a later version or encrypted: an application
 * shows such a message as one that it cannot show.
 */
export function textOfBody(body: Uint8Array): string | undefined {
  const decoded = decodeBody(body);
  return decoded?.type === 'text' && typeof decoded.text === 'string' ? decoded.text : undefined;
}
