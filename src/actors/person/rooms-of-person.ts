/** Rooms go by what their members have settled: they are told of each change until they have heard it. */
import type { Context } from '../../runtime/context.ts';
import { directRoomId, roomKind } from '../room/messages.ts';
import { askRecords } from '../storage/records.ts';
import type { PersonMessage } from './messages.ts';

const DEADLINE_MS = 2_000;
const RETRY_MS = 500;

/** Calls back once the direct room between the two goes by their blocks as they are stored now. */
export function tellRoomOfBlock(context: Context<PersonMessage>, other: string, done: () => void): void {
  const room = context.ref(roomKind, directRoomId(context.self.id, other));
  context.ask(room, { type: 'blocks-changed' }, DEADLINE_MS, (reply) => {
    if (reply.ok || reply.fault.code === 'not_found') done();
    else context.after(RETRY_MS, () => tellRoomOfBlock(context, other, done));
  });
}

/** Each room that the person is in; one that does not take it now is told later. */
export function tellRoomsOfReceipts(context: Context<PersonMessage>): void {
  askRecords(context, 'membershipsOf', [context.self.id], (reply) => {
    if (reply.ok)
      tellEach(
        context,
        reply.value.map(({ room }) => room),
      );
    else context.after(RETRY_MS, () => tellRoomsOfReceipts(context));
  });
}

function tellEach(context: Context<PersonMessage>, rooms: readonly string[]): void {
  const message = { type: 'receipts-changed', user: context.self.id } as const;
  const missed = rooms.filter((room) => !context.tell(context.ref(roomKind, room), message));
  if (missed.length > 0) context.after(RETRY_MS, () => tellEach(context, missed));
}
