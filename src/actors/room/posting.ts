/** Posting: the stream of a room's messages. */
import { type Fault, fault } from '../../protocol/faults.ts';
import { encodeMessage } from '../../protocol/frames/message.ts';
import type { Context } from '../../runtime/context.ts';
import type { ReplyTo } from '../../runtime/reply.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';
import type { Delivery } from './delivery.ts';
import type { RoomHome } from './home.ts';
import type { Post, RoomMessage } from './messages.ts';
import type { NonceWindow } from './nonces.ts';
import { type InFlight, type Made, OrderedStream } from './ordered-stream.ts';
import { Pace } from './pace.ts';
import type { ReadPositions } from './read-positions.ts';
import type { RoomState } from './state.ts';

/** The parts of the room that posting works on. */
interface PostingRoom {
  readonly state: RoomState;
  readonly delivery: Delivery;
  readonly reads: ReadPositions;
}

export class Posting {
  readonly #room: PostingRoom;
  readonly #home: RoomHome;
  readonly #pace: Pace;
  readonly #stream: OrderedStream<Post, Made>;

  constructor(context: Context<RoomMessage>, room: PostingRoom, home: RoomHome) {
    const { state } = room;
    this.#room = room;
    this.#home = home;
    this.#pace = new Pace(state, () => context.wallMs());
    this.#stream = new OrderedStream(context, state, home, {
      stream: 'messages',
      head: state.seq,
      unstored: (sender) => state.tail.entriesOf(sender),
      ready: () => true,
      make: (post, seq, at, window) => this.#make(post, seq, at, window),
      durable: (entry, position) => this.#durable(entry, position),
      givenUp: (refused) => {
        for (const { request } of refused) this.#pace.givenUp(request.user);
      },
      answer: (seq, at) => ({ seq, at }),
    });
  }

  get inFlight(): number {
    return this.#stream.inFlight;
  }

  post(post: Post, replyTo: ReplyTo | undefined): void {
    this.#stream.take(post, replyTo);
  }

  /** The post is refused for good: those behind it in its run need not wait for it. */
  passOver(post: Post): void {
    this.#stream.passOver(post);
  }

  #make(post: Post, seq: number, at: number, window: NonceWindow): Made | { readonly refusal: Fault } {
    const waitMs = this.#pace.waitMs(post.user, window.newestAt);
    if (waitMs > 0) return { refusal: fault('rate_limited', 'slow mode: the next post has to wait', waitMs) };
    this.#pace.posting(post.user, at);
    return { frame: frameOf(this.#room.state.id, post, seq, at) };
  }

  #durable({ request, seq, at, made: { frame } }: InFlight<Post, Made>, position: LogPosition): void {
    const { state, delivery, reads } = this.#room;
    state.seq = seq;
    state.entry.seq = seq;
    state.tail.push(
      { seq, sender: request.user, nonce: request.nonce, at, frame, position },
      this.#home.watermark.position,
    );
    state.mentions.posted(seq, request.mentions, request.mentionAll === true, state.tail.firstSeq - 1);
    const member = state.members.get(request.user);
    if (member !== undefined) reads.markOwn(member, seq);
    const { id, version } = state;
    delivery.send({ type: 'deliver', room: id, seq, version, frame });
  }
}

function frameOf(room: string, post: Post, seq: number, at: number): Uint8Array {
  const { user, nonce, body, replyTo, mentions, mentionAll, files, forwarded } = post;
  return encodeMessage({
    room,
    seq,
    from: user,
    at,
    nonce,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(mentions === undefined ? {} : { mentions }),
    ...(mentionAll === true ? { mentionAll } : {}),
    ...(files === undefined ? {} : { files }),
    ...(forwarded === undefined ? {} : { forwarded }),
  });
}
