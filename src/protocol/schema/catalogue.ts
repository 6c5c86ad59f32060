/** Every method and notification by its name on the wire: what the checks, the types and the reference are made from. */
import type { TSchema } from '@sinclair/typebox';
import {
  Changed,
  ChangeResult,
  MessagesChangesParams,
  MessagesChangesResult,
  MessagesEditParams,
  MessagesForwardParams,
  MessagesPinParams,
  MessagesPinsResult,
  MessagesReactParams,
  MessagesRecallParams,
} from './changes.ts';
import { Empty, type Wire } from './common.ts';
import {
  BlocksListParams,
  BlocksListResult,
  ContactNotice,
  ContactResult,
  ContactsListParams,
  ContactsListResult,
  ContactsRequestParams,
  OtherUserParams,
} from './contacts.ts';
import { DevicesListResult, DevicesRevokeParams } from './devices.ts';
import {
  Governed,
  RoomPageParams,
  RoomsBanParams,
  RoomsBansResult,
  RoomsLinkCreateParams,
  RoomsLinkCreateResult,
  RoomsLinkJoinParams,
  RoomsLinkRevokeParams,
  RoomsLinksResult,
  RoomsMuteParams,
  RoomsRequestsResult,
  RoomsRoleParams,
  RoomsUpdateParams,
  RoomUserParams,
} from './governing.ts';
import {
  Message,
  MessagesHistoryParams,
  MessagesHistoryResult,
  MessagesPostParams,
  MessagesPostResult,
  MessagesReadParams,
} from './messages.ts';
import { DownloadChange, FileChange, Gap, GoAway, Kicked, Read, RoomChange } from './notifications.ts';
import {
  Presence,
  PresenceSetParams,
  PresenceSubscribeParams,
  PresenceSubscribeResult,
  PresenceUnsubscribeParams,
  RoomsTypingParams,
  Typing,
} from './presence.ts';
import {
  Hidden,
  Marked,
  MessagesHiddenParams,
  MessagesHiddenResult,
  MessagesHideParams,
  MessagesReadersParams,
  MessagesReadersResult,
  RoomsMarkParams,
} from './reading.ts';
import { ReportsCreateParams, ReportsCreateResult } from './reports.ts';
import {
  RoomDetails,
  RoomEntry,
  RoomParams,
  RoomsCreateParams,
  RoomsDirectParams,
  RoomsInviteParams,
  RoomsLeaveResult,
  RoomsListParams,
  RoomsListResult,
  RoomsMembersParams,
  RoomsMembersResult,
} from './rooms.ts';
import { MessagesSearchParams, MessagesSearchResult } from './search.ts';
import { HelloParams, HelloResult } from './session.ts';
import {
  UserSettings,
  UsersFindParams,
  UsersFindResult,
  UsersGetParams,
  UsersGetResult,
  UsersSearchParams,
  UsersSearchResult,
  UsersSetParams,
  UsersUpdateParams,
  UsersUpdateResult,
} from './users.ts';

interface MethodSchema {
  readonly params: TSchema;
  readonly result: TSchema;
  /** One sentence for the reference. */
  readonly summary: string;
}

/** A method is added here, and nowhere else, to become part of the wire. */
export const METHODS = {
  hello: {
    params: HelloParams,
    result: HelloResult,
    summary: 'Opens the session: the first request on every socket, and only the first.',
  },
  ping: { params: Empty, result: Empty, summary: 'Shows both sides that the connection lives.' },
  'rooms.create': { params: RoomsCreateParams, result: RoomEntry, summary: 'Makes a group room.' },
  'rooms.direct': {
    params: RoomsDirectParams,
    result: RoomEntry,
    summary: 'Opens the one room between two users, making it if need be.',
  },
  'rooms.join': { params: RoomParams, result: RoomEntry, summary: 'Makes the user a member of a group room.' },
  'rooms.invite': {
    params: RoomsInviteParams,
    result: RoomEntry,
    summary: 'Makes another user a member of a group room that one is in.',
  },
  'rooms.leave': { params: RoomParams, result: RoomsLeaveResult, summary: 'Ends the membership in a group room.' },
  'rooms.members': { params: RoomsMembersParams, result: RoomsMembersResult, summary: 'Lists the members of a room.' },
  'rooms.get': { params: RoomParams, result: RoomDetails, summary: 'Tells all of a room that one is in.' },
  'rooms.update': {
    params: RoomsUpdateParams,
    result: RoomDetails,
    summary: 'Sets fields of a room: owner and admins.',
  },
  'rooms.kick': { params: RoomUserParams, result: Governed, summary: 'Ends the membership of another.' },
  'rooms.ban': {
    params: RoomsBanParams,
    result: Governed,
    summary: 'Ends a membership, if there is one, and keeps the user out.',
  },
  'rooms.unban': { params: RoomUserParams, result: Governed, summary: 'Ends a ban.' },
  'rooms.bans': { params: RoomPageParams, result: RoomsBansResult, summary: 'Lists who is banned.' },
  'rooms.mute': { params: RoomsMuteParams, result: Governed, summary: 'Keeps a member from posting for a while.' },
  'rooms.unmute': { params: RoomUserParams, result: Governed, summary: 'Ends a mute.' },
  'rooms.role': {
    params: RoomsRoleParams,
    result: Governed,
    summary: 'Makes a member an admin, or an admin a member: the owner.',
  },
  'rooms.transfer': {
    params: RoomUserParams,
    result: Governed,
    summary: 'Makes a member the owner; the owner becomes an admin.',
  },
  'rooms.requests': { params: RoomPageParams, result: RoomsRequestsResult, summary: 'Lists who asks to join.' },
  'rooms.approve': { params: RoomUserParams, result: Governed, summary: 'Lets in a user who asked.' },
  'rooms.decline': { params: RoomUserParams, result: Governed, summary: 'Drops the request of a user who asked.' },
  'rooms.link-create': {
    params: RoomsLinkCreateParams,
    result: RoomsLinkCreateResult,
    summary: 'Makes a link by which others come in.',
  },
  'rooms.links': { params: RoomParams, result: RoomsLinksResult, summary: 'Lists the links of a room.' },
  'rooms.link-revoke': { params: RoomsLinkRevokeParams, result: Empty, summary: 'Ends a link.' },
  'rooms.link-join': { params: RoomsLinkJoinParams, result: RoomEntry, summary: 'Comes in by a link.' },
  'rooms.delete': { params: RoomParams, result: Empty, summary: 'Ends a room with all its messages: the owner.' },
  'rooms.list': { params: RoomsListParams, result: RoomsListResult, summary: "Lists the user's rooms." },
  'messages.post': {
    params: MessagesPostParams,
    result: MessagesPostResult,
    summary: 'Posts a message; answered once it is durable.',
  },
  'messages.history': {
    params: MessagesHistoryParams,
    result: MessagesHistoryResult,
    summary: 'Reads messages of a room; the newest where neither `before` nor `after` is given.',
  },
  'messages.read': { params: MessagesReadParams, result: Empty, summary: "Raises the user's read position." },
  'messages.edit': {
    params: MessagesEditParams,
    result: ChangeResult,
    summary: "Replaces the body and the mentions of one's own message; answered, as all changes, once it is durable.",
  },
  'messages.recall': {
    params: MessagesRecallParams,
    result: ChangeResult,
    summary: 'Takes a message back: nobody is shown its content any more.',
  },
  'messages.react': {
    params: MessagesReactParams,
    result: ChangeResult,
    summary: 'Reacts to a message, or takes a reaction back.',
  },
  'messages.pin': { params: MessagesPinParams, result: ChangeResult, summary: 'Pins a message, or takes the pin off.' },
  'messages.pins': { params: RoomParams, result: MessagesPinsResult, summary: 'Lists what is pinned in a room.' },
  'messages.changes': {
    params: MessagesChangesParams,
    result: MessagesChangesResult,
    summary: 'Reads the changes of a room after one that is known.',
  },
  'messages.forward': {
    params: MessagesForwardParams,
    result: MessagesPostResult,
    summary: 'Posts a copy of a message that the user may read.',
  },
  'devices.list': { params: Empty, result: DevicesListResult, summary: 'Lists the devices that one is logged in on.' },
  'devices.revoke': {
    params: DevicesRevokeParams,
    result: Empty,
    summary: 'Ends the token of a device; its sockets are closed.',
  },
  'messages.readers': {
    params: MessagesReadersParams,
    result: MessagesReadersResult,
    summary: 'Says who has read up to a message; in a large room, how many.',
  },
  'messages.hide': {
    params: MessagesHideParams,
    result: Empty,
    summary: 'Takes messages out of what the user is shown, on all devices of theirs and for nobody else.',
  },
  'messages.hidden': {
    params: MessagesHiddenParams,
    result: MessagesHiddenResult,
    summary: 'Lists what the user has hidden in a room.',
  },
  'rooms.mark': {
    params: RoomsMarkParams,
    result: Empty,
    summary: 'Marks a room as unread, or takes the mark off, on all devices of the user.',
  },
  'messages.search': {
    params: MessagesSearchParams,
    result: MessagesSearchResult,
    summary: "Finds messages by their words in the user's rooms.",
  },
  'reports.create': {
    params: ReportsCreateParams,
    result: ReportsCreateResult,
    summary: 'Tells the administrators of the server of a message or of a user.',
  },
  'users.find': { params: UsersFindParams, result: UsersFindResult, summary: 'Finds a user by name.' },
  'users.get': { params: UsersGetParams, result: UsersGetResult, summary: 'Names users by id.' },
  'users.update': {
    params: UsersUpdateParams,
    result: UsersUpdateResult,
    summary: "Changes the user's own profile: what is absent stays, what is empty is removed.",
  },
  'users.search': {
    params: UsersSearchParams,
    result: UsersSearchResult,
    summary: 'Finds users by the beginning of their names.',
  },
  'users.settings': { params: Empty, result: UserSettings, summary: "Reads the user's own settings." },
  'users.set': { params: UsersSetParams, result: UserSettings, summary: "Changes the user's own settings." },
  'contacts.request': {
    params: ContactsRequestParams,
    result: ContactResult,
    summary: 'Asks another user to be a contact, or accepts what they have asked.',
  },
  'contacts.accept': { params: OtherUserParams, result: ContactResult, summary: 'Accepts what another has asked.' },
  'contacts.decline': { params: OtherUserParams, result: Empty, summary: 'Declines what another has asked.' },
  'contacts.withdraw': { params: OtherUserParams, result: Empty, summary: 'Takes back what the user has asked.' },
  'contacts.remove': { params: OtherUserParams, result: Empty, summary: 'Ends being contacts, on both sides.' },
  'contacts.list': {
    params: ContactsListParams,
    result: ContactsListResult,
    summary: "Lists the user's contacts and requests.",
  },
  'blocks.add': { params: OtherUserParams, result: Empty, summary: 'Blocks another user.' },
  'blocks.remove': { params: OtherUserParams, result: Empty, summary: 'Ends a block.' },
  'blocks.list': { params: BlocksListParams, result: BlocksListResult, summary: 'Lists whom the user has blocked.' },
  'presence.subscribe': {
    params: PresenceSubscribeParams,
    result: PresenceSubscribeResult,
    summary: 'Follows the presence of users with this socket.',
  },
  'presence.unsubscribe': {
    params: PresenceUnsubscribeParams,
    result: Empty,
    summary: 'Ends following the presence of users.',
  },
  'presence.set': { params: PresenceSetParams, result: Empty, summary: 'Says whether somebody is at this socket.' },
  'rooms.typing': { params: RoomsTypingParams, result: Empty, summary: 'Tells the room that the user is writing.' },
} as const satisfies Record<string, MethodSchema>;

export const NOTIFICATIONS = {
  message: Message,
  changed: Changed,
  room: RoomChange,
  read: Read,
  marked: Marked,
  hidden: Hidden,
  file: FileChange,
  download: DownloadChange,
  contact: ContactNotice,
  presence: Presence,
  typing: Typing,
  gap: Gap,
  kicked: Kicked,
  goaway: GoAway,
} as const satisfies Record<string, TSchema>;

export type Methods = {
  readonly [M in keyof typeof METHODS]: {
    readonly params: Wire<(typeof METHODS)[M]['params']>;
    readonly result: Wire<(typeof METHODS)[M]['result']>;
  };
};

export type Notifications = { readonly [N in keyof typeof NOTIFICATIONS]: Wire<(typeof NOTIFICATIONS)[N]> };
