/** What a room answers about reading: who has read what, and what a member is shown. */
import type { Context } from '../../runtime/context.ts';
import type { LookAtSeqs, MarkRead, RoomMessage } from './messages.ts';
import { refusalOf } from './permissions.ts';
import type { ReadPositions } from './read-positions.ts';
import type { RoomState } from './state.ts';

/** The parts of the room that answering works on. */
interface ReadingRoom {
  readonly state: RoomState;
  readonly reads: ReadPositions;
}

export type ReadingMessage = MarkRead | LookAtSeqs;

export function answerReading(context: Context<RoomMessage>, room: ReadingRoom, message: ReadingMessage): void {
  const { state, reads } = room;
  const member = state.members.get(message.user);
  const refusal = refusalOf(message.type === 'mark-read' ? 'mark-read' : 'look', state, member);
  if (refusal !== undefined) return context.fail(refusal);
  if (member === undefined) throw new Error('whoever is no member is refused');
  switch (message.type) {
    case 'mark-read':
      return reads.mark(member, message.seq, context.replyTo());
    case 'visible':
      return context.reply({ seqs: message.seqs.filter((seq) => seq <= state.seq) });
  }
}
