/** The types of the wire, and nothing that exists at run time: a client takes these without the schemas behind them. */
import type { Methods, Notifications } from './schema/catalogue.ts';

export type { Methods, Notifications } from './schema/catalogue.ts';
export type {
  Changed,
  ChangeKind,
  ChangeResult,
  MessagesChangesResult,
  MessagesPinsResult,
} from './schema/changes.ts';
export type { RoomKind, RoomRole, User } from './schema/common.ts';
export type { Contact, ContactNotice, ContactState } from './schema/contacts.ts';
export type { Device } from './schema/devices.ts';
export type { ErrorObject } from './schema/fault.ts';
export type { RoomLink, RoomsBansResult, RoomsRequestsResult } from './schema/governing.ts';
export type {
  Message,
  MessagesHistoryParams,
  MessagesHistoryResult,
  MessagesPostParams,
  MessagesPostResult,
  MessagesReadParams,
} from './schema/messages.ts';
export type { DownloadChange, FileChange, Gap, GoAway, Kicked, Read, RoomChange } from './schema/notifications.ts';
export type { Presence, PresenceState, Typing } from './schema/presence.ts';
export type { Hidden, Marked, MessagesReadersResult } from './schema/reading.ts';
export type { JoinPolicy } from './schema/room-settings.ts';
export type { RoomDetails, RoomEntry, RoomMember, RoomSummary, RoomsMembersResult } from './schema/rooms.ts';
export type { MessagesSearchParams, MessagesSearchResult, SearchHit } from './schema/search.ts';
export type { HelloParams, HelloResult, ResumePosition } from './schema/session.ts';
export type { UserSettings } from './schema/users.ts';

/** Name of a method that a client may call. */
export type Method = keyof Methods;
export type ParamsOf<M extends Method> = Methods[M]['params'];
export type ResultOf<M extends Method> = Methods[M]['result'];

/** Name of a notification to the client. */
export type NotificationName = keyof Notifications;
export type NotificationParams<N extends NotificationName> = Notifications[N];

/** The map inside a body `bin`. Applications add types of their own, named `x-…`. */
export type Body = TextBody | FileBody | SystemBody | ApplicationBody;
export interface TextBody {
  readonly type: 'text';
  readonly text: string;
}
export interface FileBody {
  readonly type: 'file';
  readonly file: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mime: string;
}
export interface SystemBody {
  readonly type: 'system';
  readonly [key: string]: unknown;
}
export interface ApplicationBody {
  readonly type: `x-${string}`;
  readonly [key: string]: unknown;
}
