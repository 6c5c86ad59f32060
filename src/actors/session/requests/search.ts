/** `messages.search`: the searcher finds, and each room says what of it the user may see now. */
import { type Fault, fault, toWireFault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { roomKind } from '../../room/messages.ts';
import { type FoundMessage, searcherKind } from '../../search/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me } from './asking.ts';

const MAX_SEARCHES = 4;
/** Rooms of one search. Who is in more names one. */
const MAX_ROOMS = 2_000;
const TOO_MANY_SEARCHES = fault('overloaded', 'too many searches of this socket are under way', 200);
const TOO_MANY_ROOMS = fault('invalid', `params.room: the user is in more than ${MAX_ROOMS} rooms; name one`);

type Done = (answer: { readonly hits: readonly FoundMessage[]; readonly cursor?: string } | Fault) => void;

export function search(session: Conversation, id: number, params: ParamsOf<'messages.search'>): void {
  if (session.searchesInFlight >= MAX_SEARCHES) return session.refuse(id, TOO_MANY_SEARCHES);
  session.searchesInFlight += 1;
  const done: Done = (answer) => {
    session.searchesInFlight -= 1;
    if ('code' in answer) session.refuse(id, answer);
    else session.answer(encodeResult<'messages.search'>(id, answer));
  };
  const { room } = params;
  if (room !== undefined) return searchOne(session, room, params, done);
  const rooms = session.rooms.sorted().map((view) => view.room);
  if (rooms.length > MAX_ROOMS) return done(TOO_MANY_ROOMS);
  find(session, rooms, params, done);
}

/** Who may not look into the room is told so, whatever there would be to find. */
function searchOne(session: Conversation, room: string, params: ParamsOf<'messages.search'>, done: Done): void {
  const look = { type: 'visible', user: me(session).id, seqs: [] } as const;
  session.context.ask(session.context.ref(roomKind, room), look, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) find(session, [room], params, done);
    else done(toWireFault(reply.fault));
  });
}

function find(
  session: Conversation,
  rooms: readonly string[],
  { query, from, before, limit = LIMITS.defaultSearchHits, cursor }: ParamsOf<'messages.search'>,
  done: Done,
): void {
  const message = {
    type: 'find',
    query,
    rooms,
    limit,
    ...(from === undefined ? {} : { sender: from }),
    ...(before === undefined ? {} : { before }),
    ...(cursor === undefined ? {} : { cursor }),
  } as const;
  session.context.ask(session.context.ref(searcherKind, 'all'), message, ASK_DEADLINE_MS, (reply) => {
    if (!reply.ok) return done(toWireFault(reply.fault));
    const { hits, cursor: next } = reply.value;
    onlyVisible(session, hits, (visible) =>
      done(next === undefined ? { hits: visible } : { hits: visible, cursor: next }),
    );
  });
}

/** A room that cannot be asked, or does not have the user any more, shows nothing. */
function onlyVisible(
  session: Conversation,
  hits: readonly FoundMessage[],
  then: (visible: readonly FoundMessage[]) => void,
): void {
  const rooms = new Map<string, number[]>();
  for (const { room, seq } of hits) rooms.set(room, [...(rooms.get(room) ?? []), seq]);
  const visible = new Map<string, ReadonlySet<number>>();
  let open = rooms.size;
  if (open === 0) return then([]);
  for (const [room, seqs] of rooms) {
    const look = { type: 'visible', user: me(session).id, seqs } as const;
    session.context.ask(session.context.ref(roomKind, room), look, ASK_DEADLINE_MS, (reply) => {
      if (reply.ok) visible.set(room, new Set(reply.value.seqs));
      open -= 1;
      if (open === 0) then(hits.filter((hit) => visible.get(hit.room)?.has(hit.seq) === true));
    });
  }
}
