/**
 * Known messages: what a room knows of the messages that somebody wants to change. Their facts come from the tail or the
 * store, their state from the tail of changes or the store, and what is on its way to the log lies on top.
 */
import { type Fault, fault } from '../../protocol/faults.ts';
import { decodeMessage } from '../../protocol/frames/message.ts';
import type { Context } from '../../runtime/context.ts';
import type { StoredState } from '../../storage/ports/message-store.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { decodeState, type KnownState } from './message-state.ts';
import type { RoomMessage } from './messages.ts';
import { changesInStore, newestState, type RoomState } from './state.ts';

const DEADLINE_MS = 5_000;
const MAX_KNOWN = 128;
const MAX_FRAME_BYTES = 1024 * 1024;
const NOT_READ = fault('unavailable', 'the message cannot be read now', 500);
export const NO_MESSAGE = fault('not_found', 'there is no such message');

type OnKnown = (refusal?: Fault) => void;

export class KnownMessages {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  /** What is durable; the message that was asked for longest ago is forgotten first. */
  readonly #known = new Map<number, KnownState>();
  readonly #loading = new Map<number, OnKnown[]>();

  constructor(context: Context<RoomMessage>, state: RoomState) {
    this.#context = context;
    this.#state = state;
  }

  get(seq: number): KnownState | undefined {
    return this.#known.get(seq);
  }

  /** A change of the message is durable. */
  changed(seq: number, known: KnownState): void {
    this.#remember(seq, known);
  }

  /** What is known, or why nothing is. Undefined: it is being loaded, and `onKnown` is called once that has come to an end. */
  find(seq: number, onKnown: OnKnown): KnownState | Fault | undefined {
    const waiting = this.#loading.get(seq);
    if (waiting !== undefined) {
      waiting.push(onKnown);
      return undefined;
    }
    const found = this.#known.get(seq) ?? this.#findNear(seq);
    if (found === undefined) {
      this.#loading.set(seq, [onKnown]);
      this.#load(seq);
    } else if (!('code' in found)) this.#remember(seq, found);
    return found;
  }

  #findNear(seq: number): KnownState | Fault | undefined {
    if (seq > this.#state.seq) return NO_MESSAGE;
    const changed = newestState(this.#state, seq);
    if (changed !== undefined) return changed;
    const posted = changesInStore(this.#state) === 0 ? this.#state.tail.get(seq) : undefined;
    return posted === undefined ? undefined : factsOf(posted.frame);
  }

  #remember(seq: number, known: KnownState): void {
    this.#known.delete(seq);
    this.#known.set(seq, known);
    const oldest = this.#known.keys().next().value;
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
  }

  #done(seq: number, found: KnownState | Fault): void {
    const waiting = this.#loading.get(seq) ?? [];
    this.#loading.delete(seq);
    const isFault = 'code' in found;
    if (!isFault) this.#remember(seq, found);
    for (const onKnown of waiting) onKnown(isFault ? found : undefined);
  }

  #load(seq: number): void {
    const known = changesInStore(this.#state);
    if (known === 0) return this.#loadFacts(seq);
    const query = { room: this.#state.id, from: seq, to: seq, descending: false, maxBytes: 1, known };
    this.#context.ask(this.#context.ref(messageReaderKind, 'all'), { type: 'states', query }, DEADLINE_MS, (reply) => {
      const stored = reply.ok ? reply.value.states[0] : undefined;
      if (!reply.ok) this.#done(seq, NOT_READ);
      else if (stored !== undefined) this.#done(seq, knownOf(stored));
      else this.#loadFacts(seq);
    });
  }

  #loadFacts(seq: number): void {
    const inTail = this.#state.tail.get(seq);
    if (inTail !== undefined) return this.#done(seq, factsOf(inTail.frame));
    const query = { room: this.#state.id, after: seq - 1, limit: 1, maxBytes: MAX_FRAME_BYTES };
    this.#context.ask(this.#context.ref(messageReaderKind, 'all'), { type: 'history', query }, DEADLINE_MS, (reply) => {
      if (!reply.ok) return this.#done(seq, NOT_READ);
      const [frame] = reply.value.frames;
      // What the store could not take has a number, and nothing that could be changed.
      const isThere = frame !== undefined && frame.length > 0 && reply.value.firstSeq === seq;
      this.#done(seq, isThere ? factsOf(frame) : NO_MESSAGE);
    });
  }
}

function knownOf({ change, state }: StoredState): KnownState {
  return { change, state: decodeState(state) };
}

function factsOf(frame: Uint8Array): KnownState {
  const { from, at, nonce } = decodeMessage(frame);
  return { change: 0, state: { from, at, nonce } };
}
