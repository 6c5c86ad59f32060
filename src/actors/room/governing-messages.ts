/** What a room is told and asked about how it is governed. */
import type { Request } from '../../runtime/reply.ts';
import type { JoinRequest, LinkRecord, NamedBan, RoomFields } from '../../storage/ports/governance.ts';
import type { Person, RoomView } from './messages.ts';

/** One order of owner or admins. */
export type Order =
  | { readonly do: 'update'; readonly fields: Partial<RoomFields> }
  | { readonly do: 'kick'; readonly user: string }
  | { readonly do: 'ban'; readonly user: string; readonly until: number; readonly reason: string }
  | { readonly do: 'unban'; readonly user: string }
  /** `until` 0 ends a mute. */
  | { readonly do: 'mute'; readonly user: string; readonly until: number }
  | { readonly do: 'set-role'; readonly user: string; readonly role: 'admin' | 'member' }
  | { readonly do: 'transfer'; readonly user: string }
  | { readonly do: 'approve'; readonly user: Person }
  | { readonly do: 'decline'; readonly user: string }
  | { readonly do: 'save-link'; readonly link: LinkRecord; readonly hash: string }
  | { readonly do: 'drop-link'; readonly link: string }
  | { readonly do: 'delete' };

/** Answered once it is durable. */
export interface Govern extends Request<{ readonly version: number }> {
  readonly type: 'govern';
  readonly by: string;
  readonly order: Order;
}

export interface GetDetails extends Request<RoomDetailsView> {
  readonly type: 'details';
  readonly user: string;
}
export interface RoomDetailsView {
  readonly view: RoomView;
  readonly fields: RoomFields;
  readonly members: number;
  readonly createdAt: number;
}

export interface ListBans extends Request<readonly NamedBan[]> {
  readonly type: 'bans';
  readonly user: string;
  readonly after: string;
  readonly limit: number;
}
export interface ListRequests extends Request<readonly JoinRequest[]> {
  readonly type: 'requests';
  readonly user: string;
  readonly after: string;
  readonly limit: number;
}
export interface ListLinks extends Request<readonly LinkRecord[]> {
  readonly type: 'links';
  readonly user: string;
}
export interface JoinByLink extends Request<RoomView> {
  readonly type: 'join-by-link';
  readonly user: Person;
  readonly hash: string;
}

export type GoverningMessage = Govern | GetDetails | ListBans | ListRequests | ListLinks | JoinByLink;

const TYPES: ReadonlySet<string> = new Set<GoverningMessage['type']>([
  'govern',
  'details',
  'bans',
  'requests',
  'links',
  'join-by-link',
]);

export function isGoverning(message: { readonly type: string }): message is GoverningMessage {
  return TYPES.has(message.type);
}
