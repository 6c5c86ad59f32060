/** The text of a stored message, where its body is one that the engine can read. */
import { decodeReplies } from '../../protocol/envelope.ts';
import { decodeBody } from '../../protocol/frames/body.ts';
import type { Message } from '../../protocol/types.ts';
import type { HistoryPage } from '../../storage/ports/message-store.ts';

export interface StoredText {
  readonly seq: number;
  readonly sender: string;
  readonly at: number;
  /** Undefined where there is none: another type, an encrypted body, a message that was taken back. */
  readonly text: string | undefined;
}

/** The messages of a page, placeholders left out. */
export function textsOf({ frames }: Pick<HistoryPage, 'frames'>): StoredText[] {
  return frames.flatMap((frame) => (frame.length === 0 ? [] : textOf(frame)));
}

function textOf(frame: Uint8Array): StoredText[] {
  const [notification] = decodeReplies(frame);
  if (notification?.type !== 'notification') return [];
  const { seq, from, at, body } = notification.params as unknown as Message;
  return [{ seq, sender: from, at, text: textOfBody(body) }];
}

export function textOfBody(body: Uint8Array): string | undefined {
  const decoded = decodeBody(body);
  return decoded?.type === 'text' ? decoded.text : undefined;
}
