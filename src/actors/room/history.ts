/** History: a range of a room's messages, out of the tail where it reaches, out of the store for the rest. */

import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { HistoryPage } from '../../storage/ports/message-store.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { applyChanges, type PostedPage } from './applied.ts';
import type { HistorySlice, ReadRoomHistory, RoomMessage } from './messages.ts';
import { visibleFrom } from './permissions.ts';
import type { RoomState } from './state.ts';

const READ_DEADLINE_MS = 5_000;
/** Most bytes of frames in one answer: well under what a socket may have waiting. */
const MAX_PAGE_BYTES = 256 * 1024;

/** Seqs `from` … `to`, both included; `to < from` is the empty range. */
interface SeqRange {
  readonly from: number;
  readonly to: number;
}

export function readHistory(
  context: Context<RoomMessage>,
  state: RoomState,
  query: ReadRoomHistory,
  replyTo: ReplyTo | undefined,
): void {
  // The fan-out itself asks for what is newer than anything that a member may not see.
  const from = query.user === undefined ? 1 : visibleFrom(state, state.members.get(query.user));
  const upwards = query.after !== undefined;
  const unreadable = (): void => replyTo?.settle(undefined, fault('unavailable', 'history cannot be read now', 1_000));
  readPosted(context, state, query, from, (posted) => {
    if (posted === undefined) return unreadable();
    applyChanges(context, state, posted, query, (shown) => {
      if (shown === undefined) return unreadable();
      const [frames, firstSeq] = fitted(shown.frames, shown.firstSeq, upwards);
      replyTo?.settle(sliceOf(state, query, from, { frames, firstSeq, change: shown.change }), undefined);
    });
  });
}

function readPosted(
  context: Context<RoomMessage>,
  state: RoomState,
  query: ReadRoomHistory,
  from: number,
  onPage: (page: PostedPage | undefined) => void,
): void {
  const range = rangeOf(query, from, state.seq);
  const upwards = query.after !== undefined;
  const answer = ([frames, firstSeq]: [readonly Uint8Array[], number], isTail: boolean): void =>
    onPage({ frames, firstSeq, isTail });
  const tailFrom = Math.max(range.from, state.tail.firstSeq);
  const fromTail = tailFrom <= range.to ? state.tail.frames(tailFrom, range.to) : [];
  if (range.to < range.from || tailFrom === range.from) return answer(fitted(fromTail, range.from, upwards), true);
  const storedTo = Math.min(range.to, tailFrom - 1);
  askStore(context, state, { from: range.from, to: storedTo }, upwards, (page) => {
    if (page === undefined) onPage(undefined);
    else answer(merged(page, fromTail, { from: range.from, to: storedTo }, upwards), false);
  });
}

function rangeOf({ before, after, limit }: ReadRoomHistory, lowest: number, head: number): SeqRange {
  if (after !== undefined) {
    const from = Math.max(lowest, after + 1);
    return { from, to: Math.min(head, from + limit - 1) };
  }
  const to = before === undefined ? head : Math.min(head, before - 1);
  return { from: Math.max(lowest, to - limit + 1), to };
}

function askStore(
  context: Context<RoomMessage>,
  state: RoomState,
  range: SeqRange,
  upwards: boolean,
  onPage: (page: HistoryPage | undefined) => void,
): void {
  const bound = upwards ? { after: range.from - 1 } : { before: range.to + 1 };
  const query = { room: state.id, ...bound, limit: range.to - range.from + 1, maxBytes: MAX_PAGE_BYTES };
  context.ask(context.ref(messageReaderKind, 'all'), { type: 'history', query }, READ_DEADLINE_MS, (reply) =>
    onPage(reply.ok ? reply.value : undefined),
  );
}

/** Stored frames, followed by those of the tail where the stored ones reach up to it. */
function merged(
  page: HistoryPage,
  fromTail: readonly Uint8Array[],
  stored: SeqRange,
  upwards: boolean,
): [readonly Uint8Array[], number] {
  const reachesTail = page.frames.length > 0 && page.firstSeq + page.frames.length - 1 === stored.to;
  if (upwards)
    return reachesTail ? fitted([...page.frames, ...fromTail], page.firstSeq, true) : [page.frames, page.firstSeq];
  if (!reachesTail) return fitted(fromTail, stored.to + 1, false);
  return fitted([...page.frames, ...fromTail], page.firstSeq, false);
}

/** As many frames as fit one answer, at least one: the first ones upwards, else the last ones. */
function fitted(frames: readonly Uint8Array[], firstSeq: number, upwards: boolean): [readonly Uint8Array[], number] {
  let bytes = 0;
  let count = 0;
  while (count < frames.length) {
    bytes += (frames[upwards ? count : frames.length - 1 - count] as Uint8Array).length;
    if (count > 0 && bytes > MAX_PAGE_BYTES) break;
    count += 1;
  }
  if (upwards) return [frames.slice(0, count), firstSeq];
  return [frames.slice(frames.length - count), firstSeq + frames.length - count];
}

function sliceOf(
  { seq, version }: RoomState,
  query: ReadRoomHistory,
  from: number,
  {
    frames,
    firstSeq,
    change,
  }: { readonly frames: readonly Uint8Array[]; readonly firstSeq: number; readonly change: number },
): HistorySlice {
  if (frames.length === 0) return { frames, firstSeq: 0, more: false, change, version };
  const lastSeq = firstSeq + frames.length - 1;
  const more = query.after === undefined ? firstSeq > from : lastSeq < seq;
  return { frames, firstSeq, more, change, version };
}
