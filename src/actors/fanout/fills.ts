/** Fills: what a topic has missed of its room is fetched and published, messages before the changes that were made to them. */
import type { Context } from '../../runtime/context.ts';
import type { ChangesSlice, HistorySlice } from '../room/messages.ts';
import { fetchChanges, fetchMessages } from './fetching.ts';
import type { FanoutMessage } from './messages.ts';
import type { Topic } from './topic.ts';

/** The next change of a topic. */
export interface TakenChange {
  /** The message that it changed. */
  readonly seq: number;
  readonly frame: Uint8Array;
  /** What the message was must not be shown any more. */
  readonly erases: boolean;
}

/** What filling needs of the fan-out. */
interface FillHooks {
  /** Whether this thread may publish what a room of this version of the members says. */
  knowsMembers(topic: Topic, version: number): boolean;
  /** The topic gets frames to publish. */
  markDirty(topic: Topic): void;
  takeChange(topic: Topic, change: TakenChange): void;
}

export class Fills {
  readonly #context: Context<FanoutMessage>;
  readonly #hooks: FillHooks;

  constructor(context: Context<FanoutMessage>, hooks: FillHooks) {
    this.#context = context;
    this.#hooks = hooks;
  }

  /** The room has come so far. */
  catchUp(topic: Topic, seq: number, change: number): void {
    topic.knownChange = Math.max(topic.knownChange, change);
    if (topic.seq < seq || topic.change < topic.knownChange) this.fill(topic);
  }

  /** What is delivered meanwhile and does not follow is part of it. What fails now is noticed again with the next renewal. */
  fill(topic: Topic): void {
    if (topic.filling) return;
    topic.filling = true;
    fetchMessages(this.#context, topic.room, { after: topic.seq }, (reply) => {
      topic.filling = false;
      if (reply.ok && this.#hooks.knowsMembers(topic, reply.value.version)) this.#takeMessages(topic, reply.value);
    });
  }

  #takeMessages(topic: Topic, { frames, firstSeq, more }: HistorySlice): void {
    for (const [index, frame] of frames.entries()) {
      if (firstSeq + index !== topic.seq + 1) continue;
      this.#hooks.markDirty(topic);
      topic.advance(frame);
    }
    if (more) this.fill(topic);
    else if (topic.change < topic.knownChange) this.#fillChanges(topic);
  }

  #fillChanges(topic: Topic): void {
    topic.filling = true;
    fetchChanges(this.#context, topic.room, { after: topic.change }, (reply) => {
      topic.filling = false;
      if (reply.ok && this.#hooks.knowsMembers(topic, reply.value.version)) this.#takeChanges(topic, reply.value);
    });
  }

  #takeChanges(topic: Topic, { frames, seqs, firstChange, more }: ChangesSlice): void {
    for (const [index, frame] of frames.entries()) {
      if (firstChange + index !== topic.change + 1) continue;
      if ((seqs[index] ?? 0) > topic.seq) return this.fill(topic);
      // One of them may be a recall.
      this.#hooks.takeChange(topic, { seq: seqs[index] ?? 0, frame, erases: true });
    }
    if (more) this.#fillChanges(topic);
  }
}
