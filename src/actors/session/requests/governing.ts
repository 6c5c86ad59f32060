/** `rooms.*` of owner and admins: fields, roles, bans, mutes, requests and links. */
import { type Fault, fault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf, RoomDetails } from '../../../protocol/types.ts';
import type { LinkRecord } from '../../../storage/ports/governance.ts';
import type { Order, RoomDetailsView } from '../../room/governing-messages.ts';
import type { Person } from '../../room/messages.ts';
import { askGovernance } from '../../storage/governance.ts';
import type { Conversation } from '../conversation.ts';
import { entryOf } from '../room-shapes.ts';
import { answerEntered, askRoom, type Handler, me, withPeople } from './asking.ts';
import { checkPicture, grantPicture } from './files.ts';

const LINK_GONE = fault('not_found', 'the link is not valid any more');
const IN_THE_PAST = (field: string) => fault('invalid', `params.${field}: a time that is still to come`);

export function getRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.get'>): void {
  askDetails(session, id, room, (details) => session.answer(encodeResult<'rooms.get'>(id, details)));
}

export function updateRoom(session: Conversation, id: number, params: ParamsOf<'rooms.update'>): void {
  const { room, title, topic, avatar, announcement, slowMode, joinPolicy, past } = params;
  const fields = withoutAbsent({ title, topic, avatar, announcement, slowMode, joinPolicy, past });
  const refuseOr = (then: () => void) => (refusal: Fault | undefined) =>
    refusal === undefined ? then() : session.refuse(id, refusal);
  const answer = (): void =>
    askDetails(session, id, room, (details) => session.answer(encodeResult<'rooms.update'>(id, details)));
  if (avatar === undefined || avatar === '') return order(session, id, room, { do: 'update', fields }, answer);
  // The room gets the right to read only once it has decided who may give it a picture; a repetition grants what was not.
  const updated = (): void => grantPicture(session, room, avatar, refuseOr(answer));
  const update = (): void => order(session, id, room, { do: 'update', fields }, updated);
  checkPicture(session, 'post', avatar, refuseOr(update));
}

export const kick: Handler<'rooms.kick'> = (session, id, { room, user }) =>
  ordered(session, id, room, { do: 'kick', user });

export const unban: Handler<'rooms.unban'> = (session, id, { room, user }) =>
  ordered(session, id, room, { do: 'unban', user });

export const unmute: Handler<'rooms.unmute'> = (session, id, { room, user }) =>
  ordered(session, id, room, { do: 'mute', user, until: 0 });

export const setRole: Handler<'rooms.role'> = (session, id, { room, user, role }) =>
  ordered(session, id, room, { do: 'set-role', user, role });

export const transfer: Handler<'rooms.transfer'> = (session, id, { room, user }) =>
  ordered(session, id, room, { do: 'transfer', user });

export const decline: Handler<'rooms.decline'> = (session, id, { room, user }) =>
  ordered(session, id, room, { do: 'decline', user });

export const ban: Handler<'rooms.ban'> = (session, id, { room, user, until = 0, reason = '' }) => {
  if (until !== 0 && until <= session.context.wallMs()) return session.refuse(id, IN_THE_PAST('until'));
  withPeople(session, id, [user], () => ordered(session, id, room, { do: 'ban', user, until, reason }));
};

export const mute: Handler<'rooms.mute'> = (session, id, { room, user, until }) => {
  if (until <= session.context.wallMs()) return session.refuse(id, IN_THE_PAST('until'));
  ordered(session, id, room, { do: 'mute', user, until });
};

export const approve: Handler<'rooms.approve'> = (session, id, { room, user }) =>
  withPeople(session, id, [user], ([person]) => ordered(session, id, room, { do: 'approve', user: person as Person }));

export function deleteRoom(session: Conversation, id: number, { room }: ParamsOf<'rooms.delete'>): void {
  order(session, id, room, { do: 'delete' }, () => session.answer(encodeResult<'rooms.delete'>(id, {})));
}

export function listBans(session: Conversation, id: number, { room, cursor }: ParamsOf<'rooms.bans'>): void {
  const list = { type: 'bans', user: me(session).id, ...pageOf(cursor) } as const;
  askRoom(session, id, room, list, (found) => {
    const { page, next } = paged(found);
    session.answer(encodeResult<'rooms.bans'>(id, { bans: page, ...next }));
  });
}

export function listRequests(session: Conversation, id: number, { room, cursor }: ParamsOf<'rooms.requests'>): void {
  const list = { type: 'requests', user: me(session).id, ...pageOf(cursor) } as const;
  askRoom(session, id, room, list, (found) => {
    const { page, next } = paged(found);
    session.answer(encodeResult<'rooms.requests'>(id, { requests: page, ...next }));
  });
}

/** The token is two ids, of which each has more than 120 random bits; only its hash is kept. */
export function createLink(session: Conversation, id: number, params: ParamsOf<'rooms.link-create'>): void {
  const { room, expiresAt = 0, maxUses = 0 } = params;
  const { context, options } = session;
  const at = context.wallMs();
  if (expiresAt !== 0 && expiresAt <= at) return session.refuse(id, IN_THE_PAST('expiresAt'));
  const token = `${context.newId()}${context.newId()}`;
  const link: LinkRecord = { id: context.newId(), by: me(session).id, at, expiresAt, maxUses, uses: 0 };
  order(session, id, room, { do: 'save-link', link, hash: options.hashToken(token) }, () =>
    session.answer(encodeResult<'rooms.link-create'>(id, { ...shapeOf(link), token })),
  );
}

export function listLinks(session: Conversation, id: number, { room }: ParamsOf<'rooms.links'>): void {
  askRoom(session, id, room, { type: 'links', user: me(session).id }, (links) =>
    session.answer(encodeResult<'rooms.links'>(id, { links: links.map(shapeOf) })),
  );
}

export function revokeLink(session: Conversation, id: number, { room, link }: ParamsOf<'rooms.link-revoke'>): void {
  order(session, id, room, { do: 'drop-link', link }, () => session.answer(encodeResult<'rooms.link-revoke'>(id, {})));
}

export function joinByLink(session: Conversation, id: number, { token }: ParamsOf<'rooms.link-join'>): void {
  const { context, options } = session;
  const hash = options.hashToken(token);
  askGovernance(context, 'roomOfLink', [hash, context.wallMs()], (reply) => {
    if (!reply.ok) return session.refuse(id, reply.fault);
    if (reply.value === null) return session.refuse(id, LINK_GONE);
    const join = { type: 'join-by-link', user: me(session), hash } as const;
    askRoom(session, id, reply.value, join, (view) => answerEntered(session, id, view));
  });
}

// ── helpers ────────────────────────────────────────────────────────────────────────────────────────────────────────

function order(
  session: Conversation,
  id: number,
  room: string,
  what: Order,
  then: (answer: { readonly version: number }) => void,
): void {
  askRoom(session, id, room, { type: 'govern', by: me(session).id, order: what }, then);
}

function ordered(session: Conversation, id: number, room: string, what: Order): void {
  order(session, id, room, what, ({ version }) => session.answer(encodeResult<'rooms.kick'>(id, { version })));
}

function askDetails(session: Conversation, id: number, room: string, then: (details: RoomDetails) => void): void {
  askRoom(session, id, room, { type: 'details', user: me(session).id }, (answer) => then(detailsOf(answer)));
}

function detailsOf({ view, fields, members, createdAt }: RoomDetailsView): RoomDetails {
  return { ...entryOf(view), ...fields, members, version: view.version, createdAt };
}

/** One more than fits, to know whether there is more. */
function pageOf(cursor: string | undefined): { readonly after: string; readonly limit: number } {
  return { after: cursor ?? '', limit: LIMITS.maxPeoplePerPage + 1 };
}

function paged<T extends { readonly user: string }>(found: readonly T[]): { page: T[]; next: { cursor?: string } } {
  const page = found.slice(0, LIMITS.maxPeoplePerPage);
  const last = page.at(-1);
  return { page, next: last !== undefined && page.length < found.length ? { cursor: last.user } : {} };
}

function shapeOf({ id: link, by, at, expiresAt, maxUses, uses }: LinkRecord) {
  return { link, by, at, expiresAt, maxUses, uses };
}

function withoutAbsent<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof withoutAbsent<T>
  >;
}
