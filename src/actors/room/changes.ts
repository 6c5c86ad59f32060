/** Changes: the stream of what is done to a room's messages. */
import { type Fault, fault } from '../../protocol/faults.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';
import type { Delivery } from './delivery.ts';
import type { RoomHome } from './home.ts';
import { KnownMessages, NO_MESSAGE } from './known-messages.ts';
import { type Clash, changedState, encodeState, type MessageState, recalledFrame } from './message-state.ts';
import type { ChangeMessage, RoomMessage } from './messages.ts';
import { type InFlight, type Made, OrderedStream } from './ordered-stream.ts';
import { type ChangeWindows, changeRefusalOf, officialRefusalOf, visibleFrom } from './permissions.ts';
import { Pins } from './pins.ts';
import type { RoomState } from './state.ts';

/** The parts of the room that changing works on. */
interface ChangingRoom {
  readonly state: RoomState;
  readonly delivery: Delivery;
}

/** What a change has made of its message. */
interface MadeChange extends Made {
  readonly state: MessageState;
}

type ChangeInFlight = InFlight<ChangeMessage, MadeChange>;

const CLASHES: Readonly<Record<Clash, Fault>> = {
  recalled: fault('conflict', 'the message was recalled'),
  'there already': fault('conflict', 'it is there already'),
  'not there': fault('conflict', 'it is not there'),
  'too many': fault('conflict', 'the message has as many reactions as it can have'),
};
const TOO_MANY_PINS = fault('conflict', 'the room has as many pins as it can have');

export class Changes {
  readonly pins: Pins;
  readonly #room: ChangingRoom;
  readonly #home: RoomHome;
  readonly #windows: ChangeWindows;
  readonly #known: KnownMessages;
  readonly #stream: OrderedStream<ChangeMessage, MadeChange>;
  /** By message, what it comes to be with what is on its way to the log. */
  #pending = new Map<number, MessageState>();

  constructor(context: Context<RoomMessage>, room: ChangingRoom, home: RoomHome, windows: ChangeWindows) {
    const { state } = room;
    this.#room = room;
    this.#home = home;
    this.#windows = windows;
    this.#known = new KnownMessages(context, state);
    this.pins = new Pins(context, state);
    this.#stream = new OrderedStream(context, state, home, {
      stream: 'changes',
      head: state.change,
      unstored: (sender) => state.changes.entriesOf(sender),
      ready: (request, wake) => this.#ready(request, wake),
      make: (request, number, at) => this.#make(request, number, at),
      durable: (entry, position) => this.#durable(entry, position),
      givenUp: (_, left) => this.#givenUp(left),
      answer: (change) => ({ change }),
    });
  }

  get inFlight(): number {
    return this.#stream.inFlight;
  }

  change(message: ChangeMessage, replyTo: ReplyTo | undefined): void {
    this.#stream.take(message, replyTo);
  }

  #ready(request: ChangeMessage, wake: (reason?: Fault) => void): boolean | Fault {
    const found = this.#known.find(request.seq, wake);
    if (found === undefined || 'code' in found) return found ?? false;
    if (request.kind !== 'pinned') return true;
    return this.pins.load(wake) !== undefined;
  }

  #make(request: ChangeMessage, number: number, at: number): MadeChange | { readonly refusal: Fault } {
    const { user, seq, kind } = request;
    const { state } = this.#room;
    const known = this.#known.get(seq);
    const message = this.#pending.get(seq) ?? known?.state;
    if (message === undefined) throw new Error('a change is made once its message is known');
    const member = state.members.get(user);
    if (seq < visibleFrom(state, member)) return { refusal: NO_MESSAGE };
    const facts = { nowMs: at, ageMs: at - message.at, isOwn: message.from === user, windows: this.#windows };
    const refusal = isOfficial(request) ? officialRefusalOf(state) : changeRefusalOf(kind, state, member, facts);
    if (refusal !== undefined) return { refusal };
    const changed = changedState(message, ownBytes(request), at);
    if (typeof changed === 'string') return { refusal: CLASHES[changed] };
    if (kind === 'pinned' && changed.pinned !== undefined && this.#pinned() >= LIMITS.maxPins) {
      return { refusal: TOO_MANY_PINS };
    }
    this.#pending.set(seq, changed);
    return {
      frame: changedFrame(state.id, request, number, at),
      effect: { seq, state: encodeState(changed), recalls: kind === 'recalled', pinned: changed.pinned !== undefined },
      state: changed,
    };
  }

  /** Pins as they come to be with what is on its way to the log. */
  #pinned(): number {
    let count = this.pins.count;
    for (const [seq, { pinned }] of this.#pending) {
      if (this.pins.has(seq) !== (pinned !== undefined)) count += pinned === undefined ? -1 : 1;
    }
    return count;
  }

  #durable({ request, seq: number, at, made }: ChangeInFlight, position: LogPosition): void {
    const { state, delivery } = this.#room;
    const { user, nonce, seq, kind } = request;
    const { frame, state: message } = made;
    const known = { change: number, state: message };
    if (this.#pending.get(seq) === message) this.#pending.delete(seq);
    this.#known.changed(seq, known);
    this.pins.changed(seq, message.pinned);
    if (kind === 'recalled') this.#erase(seq, message, number);
    state.change = number;
    state.entry.change = number;
    state.changes.push(
      { seq: number, sender: user, nonce, at, frame, position, target: seq, known },
      this.#home.watermark.position,
    );
    const { id, version } = state;
    delivery.send({
      type: 'deliver-change',
      room: id,
      change: number,
      seq,
      recalls: kind === 'recalled',
      version,
      frame,
    });
  }

  /** From now on nobody is shown what the message was, by whatever way. */
  #erase(seq: number, message: MessageState, change: number): void {
    const { tail, changes, id } = this.#room.state;
    tail.replace((entry) => (entry.seq === seq ? recalledFrame(id, seq, message, change) : undefined));
    changes.replace((entry) => (entry.target === seq ? withheldChange(id, entry.seq, seq) : undefined));
  }

  #givenUp(left: readonly ChangeInFlight[]): void {
    this.#pending = new Map(left.map(({ request, made }) => [request.seq, made.state]));
  }
}

function isOfficial(request: ChangeMessage): boolean {
  return request.kind === 'recalled' && request.official === true;
}

/** A change whose content is not shown any more, or that the store could not take: it only counts. */
export function withheldChange(room: string, change: number, seq: number): Uint8Array {
  return encodeNotification('changed', { room, change, seq, kind: 'withheld' });
}

/** The body as bytes of its own: what is kept must not hold on to the WebSocket message that it came in. */
function ownBytes(request: ChangeMessage): ChangeMessage {
  return request.kind === 'edited' ? { ...request, body: request.body.slice() } : request;
}

function changedFrame(room: string, request: ChangeMessage, change: number, at: number): Uint8Array {
  const { user: from, nonce, seq, kind } = request;
  const common = { room, change, seq, kind, from, at, nonce };
  switch (request.kind) {
    case 'edited': {
      const { body, mentions } = request;
      return encodeNotification('changed', { ...common, body, ...(mentions === undefined ? {} : { mentions }) });
    }
    case 'recalled':
      return encodeNotification('changed', common);
    case 'reacted': {
      const { reaction, remove } = request;
      return encodeNotification('changed', { ...common, reaction, ...(remove ? { remove } : {}) });
    }
    case 'pinned':
      return encodeNotification('changed', { ...common, pinned: request.pinned });
  }
}
