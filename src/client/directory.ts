import type {
  JoinPolicy,
  Message,
  Read,
  RoomChange,
  RoomEntry,
  RoomKind,
  RoomRole,
  RoomSummary,
  User,
} from './wire.ts';

/** What owner and admins have set of a room. */
export interface RoomSettings {
  readonly topic: string;
  /** File that shows the room; empty: none. */
  readonly avatar: string;
  /** Only owner and admins post; in a channel that is so anyway. */
  readonly announcement: boolean;
  /** Seconds between two posts of a member; 0: none. */
  readonly slowMode: number;
  readonly joinPolicy: JoinPolicy;
  readonly past: 'all' | 'joined';
}

/** A room of the user, as far as the client knows it at the moment. */
export interface Room extends RoomSettings {
  readonly id: string;
  readonly kind: RoomKind;
  /** Empty in direct rooms; there `peer` names the other user. */
  readonly title: string;
  readonly peer: User | undefined;
  readonly role: RoomRole;
  /** The newest message's `seq`; 0 in an empty room. */
  readonly seq: number;
  /** The user's read position. */
  readonly read: number;
  readonly unread: number;
  /** How many of the unread messages are known to speak to the user. */
  readonly mentions: number;
  /** The user has marked the room as unread. */
  readonly marked: boolean;
  /** How many messages the user has hidden there. */
  readonly hidden: number;
  /** Until when the user may not post: milliseconds since the epoch; 0: not muted. */
  readonly muted: number;
  /** Lowest `seq` that the user may see. */
  readonly from: number;
}

const INITIAL: RoomSettings = {
  topic: '',
  avatar: '',
  announcement: false,
  slowMode: 0,
  joinPolicy: 'open',
  past: 'all',
};

type Fields = Omit<Room, 'unread'>;

/** The user's rooms: kept current by what the server lists, answers and notifies. Values are replaced, never changed. */
export class Directory {
  readonly #rooms = new Map<string, Room>();
  readonly #changed: (room: string) => void;

  constructor(changed: (room: string) => void) {
    this.#changed = changed;
  }

  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** A room as a list shows it. */
  list(summary: RoomSummary): void {
    const { id, kind, title, role, seq, read } = summary;
    this.#set({
      ...standingOf(summary),
      id,
      kind,
      title,
      role,
      seq,
      read: this.#highest(id, read),
      peer: summary.peer ?? this.#peer(id),
    });
  }

  /** A room as creating, opening or joining it answers. */
  enter(entry: RoomEntry): void {
    const { room: id, kind, title, role, seq, read } = entry;
    const known = this.#rooms.get(id)?.seq ?? 0;
    this.#set({
      ...standingOf(entry),
      id,
      kind,
      title,
      role,
      seq: Math.max(seq, known),
      read: this.#highest(id, read),
      peer: this.#peer(id),
    });
  }

  /** The other user of a direct room, learned later than the room itself. */
  name(id: string, peer: User): void {
    this.#update(id, { peer });
  }

  /** Fields of the room changed: those that are there. Where changes were lost, the user's own role is among them. */
  change(change: RoomChange): void {
    const { room, title, role, from, until } = change;
    this.#update(room, {
      ...settingsIn(change),
      ...(title === undefined ? {} : { title }),
      ...(role === undefined ? {} : { role }),
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { muted: until }),
    });
  }

  remove(id: string): void {
    if (this.#rooms.delete(id)) this.#changed(id);
  }

  /** A message arrived. Whoever writes has read what stands before, so that own messages never count as unread. */
  arrived(message: Message, self: string): void {
    const room = this.#rooms.get(message.room);
    if (room === undefined) return;
    const caughtUp = message.from === self && room.read === message.seq - 1;
    const isNew = message.seq > room.seq && message.from !== self;
    const speaks = message.mentionAll === true || (message.mentions?.includes(self) ?? false);
    this.#update(message.room, {
      seq: Math.max(room.seq, message.seq),
      read: caughtUp ? message.seq : room.read,
      mentions: room.mentions + (isNew && speaks ? 1 : 0),
    });
  }

  /** The user read on, here or elsewhere. */
  read(position: Pick<Read, 'room' | 'seq'>): void {
    this.#update(position.room, { read: this.#highest(position.room, position.seq) });
  }

  /** The user marked the room, or took the mark off. */
  mark(room: string, marked: boolean): void {
    this.#update(room, { marked });
  }

  /** The user has hidden so many messages of the room by now. */
  hide(room: string, hidden: number): void {
    this.#update(room, { hidden });
  }

  #highest(id: string, read: number): number {
    return Math.max(read, this.#rooms.get(id)?.read ?? 0);
  }

  #peer(id: string): User | undefined {
    return this.#rooms.get(id)?.peer;
  }

  #update(id: string, fields: Partial<Fields>): void {
    const room = this.#rooms.get(id);
    if (room !== undefined) this.#set({ ...room, ...fields });
  }

  #set(fields: Fields): void {
    const unread = Math.max(0, fields.seq - fields.read);
    this.#rooms.set(fields.id, { ...fields, unread, mentions: Math.min(fields.mentions, unread) });
    this.#changed(fields.id);
  }
}

type Standing = Pick<Room, 'muted' | 'from' | 'mentions' | 'marked' | 'hidden'>;

/** All that a list or an entry says, whose absent fields are as in most rooms. */
function standingOf(source: RoomSummary | RoomEntry): RoomSettings & Standing {
  const { muted = 0, from = 1, mentions = 0, marked = false, hidden = 0 } = source;
  return { ...INITIAL, ...settingsIn(source), muted, from, mentions, marked, hidden };
}

function settingsIn(source: Partial<RoomSettings>): Partial<RoomSettings> {
  const known: Readonly<Record<string, unknown>> = { ...source };
  return Object.fromEntries(
    Object.keys(INITIAL).flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])),
  );
}
