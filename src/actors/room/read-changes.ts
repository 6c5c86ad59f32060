/** Reading changes: out of the tail where it reaches, out of the store for the rest. */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { fitting } from '../../storage/ports/history-page.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { withheldChange } from './changes.ts';
import type { ChangesSlice, ReadChanges, RoomMessage } from './messages.ts';
import { visibleFrom } from './permissions.ts';
import { changesInStore, newestState, type RoomState } from './state.ts';

const READ_DEADLINE_MS = 5_000;
/** Most bytes of frames in one answer: well under what a socket may have waiting. */
const MAX_PAGE_BYTES = 256 * 1024;

/** One change of a page. */
interface Read {
  /** The message that it changed. */
  readonly seq: number;
  readonly frame: Uint8Array;
}

export function readChanges(
  context: Context<RoomMessage>,
  state: RoomState,
  { after, limit, user }: ReadChanges,
  replyTo: ReplyTo | undefined,
): void {
  const from = user === undefined ? 1 : visibleFrom(state, state.members.get(user));
  const answer = (read: readonly Read[]): void =>
    replyTo?.settle(sliceOf(state, after, visible(state, after, read, from)), undefined);
  const inStore = changesInStore(state);
  const to = Math.min(state.change, after + limit);
  if (after >= inStore) {
    return answer(after < to ? tailOf(state, after + 1, to) : []);
  }
  const query = {
    room: state.id,
    after,
    to: Math.min(to, inStore),
    limit: Math.min(limit, inStore - after),
    maxBytes: MAX_PAGE_BYTES,
    known: inStore,
  };
  context.ask(context.ref(messageReaderKind, 'all'), { type: 'changes', query }, READ_DEADLINE_MS, (reply) => {
    const isWhole = reply.ok && reply.value.every(({ change }, index) => change === after + 1 + index);
    if (!reply.ok || !isWhole || reply.value.length === 0) {
      replyTo?.settle(undefined, fault('unavailable', 'changes cannot be read now', 1_000));
      return;
    }
    const stored = reply.value.map(({ change, seq, frame }) => shown(state, change, seq, frame));
    // The tail may have moved on meanwhile, and its beginning with it.
    const next = after + stored.length + 1;
    const reachesTail = next > query.to && next >= state.changes.firstSeq;
    const fromTail = reachesTail && next <= to ? tailOf(state, next, to) : [];
    answer([...stored, ...fromTail]);
  });
}

function tailOf(state: RoomState, from: number, to: number): Read[] {
  const read: Read[] = [];
  for (let number = from; number <= to; number += 1) {
    const entry = state.changes.get(number);
    if (entry === undefined) break;
    read.push({ seq: entry.target, frame: entry.frame });
  }
  return read;
}

/** A recall that the store does not have yet hides the earlier changes of its message all the same. */
function shown(state: RoomState, change: number, seq: number, frame: Uint8Array): Read {
  const isHidden = frame.length === 0 || newestState(state, seq)?.state.recalled === true;
  return { seq, frame: isHidden ? withheldChange(state.id, change, Math.max(1, seq)) : frame };
}

/** Who may not see a message may not see what became of it either. */
function visible({ id }: RoomState, after: number, read: readonly Read[], from: number): readonly Read[] {
  if (from === 1) return read;
  return read.map((each, index) =>
    each.seq >= from ? each : { ...each, frame: withheldChange(id, after + 1 + index, Math.max(1, each.seq)) },
  );
}

/** As many as fit one answer. */
function sliceOf(state: RoomState, after: number, read: readonly Read[]): ChangesSlice {
  const sizes = read.map(({ frame }) => ({ bytes: frame.length }));
  const page = read.slice(0, fitting(sizes, sizes.length, MAX_PAGE_BYTES));
  return {
    frames: page.map(({ frame }) => frame),
    seqs: page.map(({ seq }) => seq),
    firstChange: page.length === 0 ? 0 : after + 1,
    more: after + page.length < state.change,
    version: state.version,
  };
}
