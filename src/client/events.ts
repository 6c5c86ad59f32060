import type { ConnectionState } from './connection.ts';
import type { OutboxEvent } from './outbox.ts';
import type {
  Changed,
  ContactNotice,
  DownloadChange,
  FileChange,
  Hidden,
  Message,
  Presence,
  Read,
  RoomChange,
  Typing,
} from './wire.ts';

/** What a client tells, by event name. Events of one room come in the order of the room. */
export interface ClientEvents {
  /** The next message of a room, the user's own included: once each, in order of `seq`. */
  readonly message: Message;
  /**
   * A message was edited, recalled, reacted to or pinned: each change of a room once, in order of `change`. A message of
   * `history` with a `change` that is not lower has it already. It may be of a message that was not delivered.
   */
  readonly changed: Changed;
  /**
   * Someone joined or left a room of the user, has another role or is muted, or its fields changed, or it is no more; the user's
   * own part too. To owner and admins also: someone asks to join; to who asked: that was declined.
   */
  readonly room: RoomChange;
  /** The directory has changed in this room: it appeared, went, or has another title, head or read position. */
  readonly rooms: { readonly room: string };
  /** A member's read position, the user's own from other devices included. Lossy: the highest counts. */
  readonly read: Read;
  /** How the user stands to another has changed. */
  readonly contact: ContactNotice;
  /** The presence of a user whom `followPresence` named. Lossy: the last counts. */
  readonly presence: Presence;
  /** A member is writing; it holds for some six seconds. */
  readonly typing: Typing;
  /** The user has hidden messages, here or elsewhere. Lossy: `hidden` of the room in the directory counts. */
  readonly hidden: Hidden;
  /** Something happened to a file of the user. Lossy. */
  readonly file: FileChange;
  /** A download that the server does for the user has changed or come further. Lossy: `Downloads.look` counts. */
  readonly download: DownloadChange;
  /**
   * Messages that are not delivered as `message`, both ends included: more than `maxFillMessages` were missed, or the server does not have
   * them. `history` may have the former.
   */
  readonly gap: { readonly room: string; readonly from: number; readonly to: number };
  /** The room's log was replaced: all that is held of its messages is void; load it again with `history`. */
  readonly reload: { readonly room: string };
  /** The connection's state changed. */
  readonly state: ConnectionState;
  /** The server ended this session; `state` says whether the client comes back. */
  readonly kicked: { readonly code: number; readonly reason: string };
  /** A post was queued, sent, acknowledged or rejected. */
  readonly outbox: OutboxEvent;
  /** The outbox store threw; unsent posts may not survive a reload. */
  readonly storeFailed: { readonly error: unknown };
}
