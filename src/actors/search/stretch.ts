/**
 * Stretches: what the index lacks of a room, a page at a time. Messages come first, as their changes have left them, and
 * then the changes made since to messages that are indexed already.
 */
import type { MessageStoreReader, StoredState } from '../../storage/ports/message-store.ts';
import type { SearchableMessage, SearchBatch, SearchPosition } from '../../storage/ports/search.ts';
import { wordsOf } from '../../storage/ports/search-words.ts';
import { decodeState } from '../room/message-state.ts';
import { textOfBody, textsOf } from './stored-text.ts';

export type StretchStore = Pick<MessageStoreReader, 'changes' | 'head' | 'history' | 'states'>;

export interface Stretch extends SearchBatch {
  /** Whether the room may have more behind it. */
  readonly more: boolean;
}

const PAGE_ENTRIES = 200;
const PAGE_BYTES = 1024 * 1024;

/** Undefined where the index has all that the store has. Without a position the room is new to the index. */
export async function nextStretch(
  store: StretchStore,
  room: string,
  position: SearchPosition | undefined,
): Promise<Stretch | undefined> {
  const head = await store.head(room);
  // Messages are read with all changes up to here in them, so that these need not be read for themselves.
  const from = position ?? { room, seq: 0, change: head.change };
  return (await messagesAfter(store, from, head.change)) ?? (await changesAfter(store, from, head.change));
}

async function messagesAfter(
  store: StretchStore,
  { room, seq, change }: SearchPosition,
  known: number,
): Promise<Stretch | undefined> {
  const page = await store.history({ room, after: seq, limit: PAGE_ENTRIES, maxBytes: PAGE_BYTES });
  if (page.frames.length === 0) return undefined;
  const to = page.firstSeq + page.frames.length - 1;
  const messages = new Map(textsOf(page).map((text) => [text.seq, searchable(text)]));
  for (const state of await statesOf(store, room, page.firstSeq, to, change)) {
    const changed = changedMessage(state);
    if (changed !== undefined) messages.set(changed.seq, changed);
  }
  return { position: { room, seq: to, change }, messages: [...messages.values()], more: page.more || known > change };
}

async function changesAfter(
  store: StretchStore,
  { room, seq, change }: SearchPosition,
  known: number,
): Promise<Stretch | undefined> {
  if (known <= change) return undefined;
  const query = { room, after: change, to: known, limit: PAGE_ENTRIES, maxBytes: PAGE_BYTES, known };
  const changes = await store.changes(query);
  const last = changes.at(-1);
  if (last === undefined) return undefined;
  // A message that is not indexed yet is read with its changes when its turn comes.
  const targets = new Set(changes.map((each) => each.seq).filter((target) => target > 0 && target <= seq));
  const messages: SearchableMessage[] = [];
  for (const target of targets) {
    const [state] = await statesOf(store, room, target, target, last.change);
    const changed = state === undefined ? undefined : changedMessage(state);
    if (changed !== undefined) messages.push(changed);
  }
  return { position: { room, seq, change: last.change }, messages, more: last.change < known };
}

async function statesOf(
  store: StretchStore,
  room: string,
  from: number,
  to: number,
  known: number,
): Promise<StoredState[]> {
  const found: StoredState[] = [];
  for (let next = from; next <= to; ) {
    const page = await store.states({ room, from: next, to, descending: false, maxBytes: PAGE_BYTES, known });
    found.push(...page.states);
    next = page.reached + 1;
  }
  return found;
}

/** Undefined where its words are those that it was posted with. */
function changedMessage({ seq, state }: StoredState): SearchableMessage | undefined {
  const { from: sender, at, edited, recalled } = decodeState(state);
  if (recalled !== true && edited === undefined) return undefined;
  const text = recalled === true || edited === undefined ? undefined : textOfBody(edited.body);
  return searchable({ seq, sender, at, text });
}

function searchable({ seq, sender, at, text }: ReturnType<typeof textsOf>[number]): SearchableMessage {
  return { seq, sender, at, tokens: text === undefined ? [] : wordsOf(text) };
}
