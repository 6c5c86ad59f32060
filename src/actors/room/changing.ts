/** What a room is asked about changes: to make one, to read them, and what is pinned. */
import type { Context } from '../../runtime/context.ts';
import type { Changes } from './changes.ts';
import type { ChangeMessage, ListPins, ReadChanges, RecallOfficially, RoomMessage } from './messages.ts';
import { refusalOf, visibleFrom } from './permissions.ts';
import { readChanges } from './read-changes.ts';
import type { RoomState } from './state.ts';

/** The parts of the room that answering works on. */
interface ChangingRoom {
  readonly state: RoomState;
  readonly changes: Changes;
}

export type ChangingMessage = ChangeMessage | ReadChanges | ListPins | RecallOfficially;

const TYPES: ReadonlySet<RoomMessage['type']> = new Set(['change', 'changes', 'pins', 'recall-officially']);

export function isChanging(message: RoomMessage): message is ChangingMessage {
  return TYPES.has(message.type);
}

/** Whether a member may change a message depends on the message too, and is decided once that is known. */
export function answerChanging(context: Context<RoomMessage>, room: ChangingRoom, message: ChangingMessage): void {
  const { state, changes } = room;
  const user = message.type === 'recall-officially' ? undefined : message.user;
  const member = user === undefined ? undefined : state.members.get(user);
  const refusal = user === undefined ? undefined : refusalOf('look', state, member, context.wallMs());
  if (refusal !== undefined) return context.fail(refusal);
  switch (message.type) {
    case 'change':
      return changes.change(message, context.replyTo());
    case 'recall-officially':
      return changes.change(official(message), context.replyTo());
    case 'changes':
      return readChanges(context, state, message, context.replyTo());
    case 'pins':
      return changes.pins.list(visibleFrom(state, member), context.replyTo());
  }
}

/** A run of its own: it waits for no other request, and no other one for it. */
function official({ by, seq, nonce }: RecallOfficially): ChangeMessage {
  const order = { session: `official-${nonce}`, run: 1, place: 0 };
  return { type: 'change', kind: 'recalled', official: true, user: by, seq, nonce, ...order };
}
