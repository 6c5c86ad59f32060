/** Pins: which messages of a room are pinned, loaded when somebody first asks. */
import { type Fault, fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import { messageReaderKind } from '../storage/message-reader.ts';
import { decodeState, type MessageState } from './message-state.ts';
import type { PinsOfRoom, RoomMessage } from './messages.ts';
import { changesInStore, type RoomState } from './state.ts';

type Pin = NonNullable<MessageState['pinned']>;

const DEADLINE_MS = 5_000;
const NOT_READ = fault('unavailable', 'pins cannot be read now', 500);

export class Pins {
  readonly #context: Context<RoomMessage>;
  readonly #state: RoomState;
  /** Durable ones; undefined until they are loaded. */
  #pins: Map<number, Pin> | undefined;
  #waiting: ((reason?: Fault) => void)[] = [];

  constructor(context: Context<RoomMessage>, state: RoomState) {
    this.#context = context;
    this.#state = state;
  }

  get count(): number {
    return this.#pins?.size ?? 0;
  }

  has(seq: number): boolean {
    return this.#pins?.has(seq) ?? false;
  }

  /** They are there; undefined: `onLoaded` is called when they are, or with the reason why not. */
  load(onLoaded: (reason?: Fault) => void): ReadonlyMap<number, Pin> | undefined {
    if (this.#pins === undefined && changesInStore(this.#state) === 0) this.#pins = this.#overlaid(new Map());
    if (this.#pins !== undefined) return this.#pins;
    this.#waiting.push(onLoaded);
    if (this.#waiting.length === 1) this.#ask();
    return undefined;
  }

  #ask(): void {
    const query = { type: 'pins', room: this.#state.id, known: changesInStore(this.#state) } as const;
    this.#context.ask(this.#context.ref(messageReaderKind, 'all'), query, DEADLINE_MS, (reply) => {
      // Changes that have left the tail meanwhile may be neither in the answer nor in the tail.
      if (reply.ok && changesInStore(this.#state) > query.known) return this.#ask();
      if (reply.ok) {
        const stored = reply.value.flatMap(({ seq, state }): [number, Pin][] => {
          const { pinned } = decodeState(state);
          return pinned === undefined ? [] : [[seq, pinned]];
        });
        this.#pins = this.#overlaid(new Map(stored));
      }
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const each of waiting) each(reply.ok ? undefined : NOT_READ);
    });
  }

  /** Those from a seq on. */
  list(from: number, replyTo: ReplyTo | undefined): void {
    const pins = this.load((reason) => {
      if (reason === undefined) this.list(from, replyTo);
      else replyTo?.settle(undefined, reason);
    });
    if (pins === undefined) return;
    const visible = [...pins].filter(([seq]) => seq >= from);
    const sorted = visible.sort(([a], [b]) => a - b).map(([seq, { at, by }]) => ({ seq, at, by }));
    const answer: PinsOfRoom = { pins: sorted, change: this.#state.change };
    replyTo?.settle(answer, undefined);
  }

  /** A change of the message is durable. */
  changed(seq: number, pinned: Pin | undefined): void {
    if (pinned === undefined) this.#pins?.delete(seq);
    else this.#pins?.set(seq, pinned);
  }

  /** What the tail has may be newer than what the store answered, and is never older. */
  #overlaid(pins: Map<number, Pin>): Map<number, Pin> {
    for (const { target, known } of this.#state.changes.entries()) {
      const { pinned } = known.state;
      if (pinned === undefined) pins.delete(target);
      else pins.set(target, pinned);
    }
    return pins;
  }
}
