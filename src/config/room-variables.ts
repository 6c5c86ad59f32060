/** Variables that bound rooms. */
import * as type from './value-types.ts';
import { variable } from './variable.ts';

export const ROOM_VARIABLES = {
  receiptsUpTo: variable({
    name: 'MAILROOM_RECEIPTS_UP_TO',
    section: 'Sessions and limits',
    type: type.integer(0, 10_000),
    initial: 100,
    initialText: '100',
    unit: 'members',
    description: 'Rooms of up to this many members show who has read what; larger ones only how many have.',
  }),
  maxRoomMembers: variable({
    name: 'MAILROOM_MAX_ROOM_MEMBERS',
    section: 'Sessions and limits',
    type: type.integer(2, 1_000_000),
    initial: 100_000,
    initialText: '100000',
    unit: 'members',
    description: 'Members that one room may have.',
  }),
  maxRoomsPerUser: variable({
    name: 'MAILROOM_MAX_ROOMS_PER_USER',
    section: 'Sessions and limits',
    type: type.integer(1, 100_000),
    initial: 5_000,
    initialText: '5000',
    unit: 'rooms',
    description: 'Rooms that one user may be in; joining one more is refused.',
  }),
  typingMembers: variable({
    name: 'MAILROOM_TYPING_MEMBERS',
    section: 'Sessions and limits',
    type: type.integer(0, 100_000),
    initial: 200,
    initialText: '200',
    unit: 'members',
    description: 'In rooms with more members nobody is told who is writing.',
  }),
} as const;
