/**
 * Changes applied to a page of history. The store knows what the changes that it has have made of each message; the tail of
 * changes lies on top of that.
 */
import { encodeBody } from '../../protocol/frames/body.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import type { Context } from '../../runtime/context.ts';
import type { StatesPage } from '../../storage/ports/message-store.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { decodeState, type KnownState, recalledFrame, shownFrame } from './message-state.ts';
import type { ReadRoomHistory, RoomMessage } from './messages.ts';
import { changesInStore, type RoomState } from './state.ts';

const READ_DEADLINE_MS = 5_000;
/** Most bytes of states for one page. */
const MAX_STATES_BYTES = 256 * 1024;

/** Frames as they were posted, ascending from a seq; one that the store has no content for is empty. */
export interface PostedPage {
  readonly frames: readonly Uint8Array[];
  readonly firstSeq: number;
  /** All of it was in the tail, where a recall erases at once. */
  readonly isTail: boolean;
}

interface Shown {
  readonly frames: readonly Uint8Array[];
  readonly firstSeq: number;
  /** All changes up to this one are in the frames. */
  readonly change: number;
}

/** Calls back with as much of the page as there is room for, or with undefined where the changes cannot be read now. */
export function applyChanges(
  context: Context<RoomMessage>,
  state: RoomState,
  posted: PostedPage,
  { user, after }: Pick<ReadRoomHistory, 'user' | 'after'>,
  onShown: (shown: Shown | undefined) => void,
): void {
  const { change } = state;
  const known = changesInStore(state);
  const states = new Map(state.changes.entries().map((entry): [number, KnownState] => [entry.target, entry.known]));
  const show = ({ frames, firstSeq }: Pick<PostedPage, 'frames' | 'firstSeq'>): void => {
    const shown = frames.map((frame, index) =>
      frameAt(state.id, firstSeq + index, frame, states.get(firstSeq + index), user),
    );
    onShown({ frames: shown, firstSeq, change });
  };
  const { frames, firstSeq, isTail } = posted;
  if (known === 0 || frames.length === 0 || (isTail && user === undefined)) return show(posted);
  const [from, to] = [firstSeq, firstSeq + frames.length - 1];
  const query = { room: state.id, from, to, descending: after === undefined, maxBytes: MAX_STATES_BYTES, known };
  context.ask(context.ref(messageReaderKind, 'all'), { type: 'states', query }, READ_DEADLINE_MS, (reply) => {
    if (!reply.ok) return onShown(undefined);
    for (const stored of reply.value.states) {
      const isNewer = stored.change > (states.get(stored.seq)?.change ?? 0);
      if (isNewer) states.set(stored.seq, { change: stored.change, state: decodeState(stored.state) });
    }
    show(within(posted, reply.value, after === undefined));
  });
}

/** The part of the page that the answer speaks of. */
function within(
  { frames, firstSeq }: PostedPage,
  { reached }: StatesPage,
  descending: boolean,
): Pick<PostedPage, 'frames' | 'firstSeq'> {
  if (!descending) return { frames: frames.slice(0, reached - firstSeq + 1), firstSeq };
  return { frames: frames.slice(reached - firstSeq), firstSeq: reached };
}

/** Without a reader it is what was posted, unless that may not be shown: whoever gets it gets the changes, too. */
function frameAt(
  room: string,
  seq: number,
  frame: Uint8Array,
  known: KnownState | undefined,
  reader: string | undefined,
): Uint8Array {
  if (known?.state.recalled === true) return recalledFrame(room, seq, known.state, known.change);
  if (frame.length === 0) return placeholderFrame(room, seq);
  return known === undefined || reader === undefined ? frame : shownFrame(room, seq, frame, known, reader);
}

/** A record that the store could not take left an empty frame at its seq: readers get a system message in its place. */
function placeholderFrame(room: string, seq: number): Uint8Array {
  const body = encodeBody({ type: 'system', event: 'withheld' });
  return encodeMessage({ room, seq, from: 'system', at: 0, nonce: `withheld-${seq}`, body });
}
