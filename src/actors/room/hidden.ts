/** Hidden messages: a member who has hidden some is shown stubs in their places, so that seqs have no hole. */
import { decodeReplies } from '../../protocol/envelope.ts';
import { fault } from '../../protocol/faults.ts';
import { encodeBody } from '../../protocol/frames/body.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import type { Message } from '../../protocol/types.ts';
import type { Context } from '../../runtime/context.ts';
import type { Reply, ReplyTo } from '../../runtime/reply.ts';
import { askReading } from '../storage/reading.ts';
import type { HistorySlice, RoomMessage } from './messages.ts';
import type { RoomState } from './state.ts';

const STUB = encodeBody({ type: 'system', event: 'hidden' });
const UNKNOWN = fault('unavailable', 'what is hidden cannot be read now', 1_000);

/** Seqs that the user has hidden, in `from` … `to`. Nobody is asked about a user who has hidden nothing. */
export function askHidden(
  context: Context<RoomMessage>,
  { id, hiders }: RoomState,
  user: string,
  [from, to]: readonly [number, number],
  onReply: (reply: Reply<ReadonlySet<number>>) => void,
): void {
  if (!hiders.has(user)) return onReply({ ok: true, value: new Set() });
  askReading(context, 'hidden', [id, user, from, to], (reply) =>
    onReply(reply.ok ? { ok: true, value: new Set(reply.value) } : { ok: false, fault: UNKNOWN }),
  );
}

/** Answers with a slice of history as the user is shown it. Without a user it is everybody's. */
export function withoutHidden(
  context: Context<RoomMessage>,
  state: RoomState,
  user: string | undefined,
  replyTo: ReplyTo | undefined,
): ReplyTo | undefined {
  if (user === undefined || replyTo === undefined || !state.hiders.has(user)) return replyTo;
  return {
    settle(value, reason) {
      if (reason !== undefined) return replyTo.settle(undefined, reason);
      const slice = value as HistorySlice;
      const range = [slice.firstSeq, slice.firstSeq + slice.frames.length - 1] as const;
      askHidden(context, state, user, range, (reply) => {
        if (reply.ok) replyTo.settle(stubbed(slice, reply.value), undefined);
        else replyTo.settle(undefined, reply.fault);
      });
    },
  };
}

function stubbed(slice: HistorySlice, hidden: ReadonlySet<number>): HistorySlice {
  if (hidden.size === 0) return slice;
  const { firstSeq } = slice;
  const frames = slice.frames.map((frame, index) => (hidden.has(firstSeq + index) ? stubOf(frame) : frame));
  return { ...slice, frames };
}

function stubOf(frame: Uint8Array): Uint8Array {
  const [notification] = decodeReplies(frame);
  if (notification?.type !== 'notification') throw new Error('history holds messages only');
  const { room, seq, from, at, nonce } = notification.params as unknown as Message;
  return encodeMessage({ room, seq, from, at, nonce, body: STUB, hidden: true });
}
