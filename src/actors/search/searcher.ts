/**
 * The searcher: from what a person wrote to the messages that have it.
 *
 * Owns nothing; asks the index, and the message store for the texts. Who may see what it finds is not its to say: rooms are.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import type { MessageStoreReader } from '../../storage/ports/message-store.ts';
import type { Search, SearchHit } from '../../storage/ports/search.ts';
import { needlesOf, termsOf } from '../../storage/ports/search-words.ts';
import { decodeState } from '../room/message-state.ts';
import { asFault } from '../storage/reply.ts';
import type { FindMessages, FoundMessage, FoundMessages } from './messages.ts';
import { snippetOf } from './snippet.ts';
import { textOfBody, textsOf } from './stored-text.ts';

export interface SearcherOptions {
  readonly store: Pick<MessageStoreReader, 'history' | 'states'>;
  readonly index: Pick<Search, 'search'>;
}

/** Each reads up to a page of texts. */
const MAX_AT_ONCE = 16;
const MAX_TEXT_BYTES = 256 * 1024;
const BUSY = fault('overloaded', 'too many searches are under way', 500);
const BAD_CURSOR = fault('invalid', 'params.cursor: no search has made it');
const OFF = fault('unsupported', 'this server does not search');

/** Without options there is nothing to search in. */
export function searcher(options: SearcherOptions | undefined): Behaviour<FindMessages> {
  return (context) => new Searcher(context, options);
}

class Searcher implements Actor<FindMessages> {
  readonly #context: Context<FindMessages>;
  readonly #options: SearcherOptions | undefined;
  #atOnce = 0;

  constructor(context: Context<FindMessages>, options: SearcherOptions | undefined) {
    this.#context = context;
    this.#options = options;
  }

  receive(message: FindMessages): void {
    if (this.#options === undefined) return this.#context.fail(OFF);
    if (this.#atOnce >= MAX_AT_ONCE) return this.#context.fail(BUSY);
    const replyTo = this.#context.replyTo();
    this.#atOnce += 1;
    this.#context.pipe(find(this.#options, message), (outcome) => {
      this.#atOnce -= 1;
      if ('value' in outcome) replyTo?.settle(outcome.value, undefined);
      else replyTo?.settle(undefined, isBadCursor(outcome.error) ? BAD_CURSOR : asFault(outcome.error));
    });
  }
}

/** The index refuses nothing else that a person can ask. */
function isBadCursor(error: unknown): boolean {
  return error instanceof StorageFault && error.code === 'refused';
}

async function find({ store, index }: SearcherOptions, message: FindMessages): Promise<FoundMessages> {
  const { query, rooms, sender, before, limit, cursor } = message;
  const terms = termsOf(query);
  if (terms.length === 0) return { hits: [] };
  const page = await index.search({
    terms,
    rooms,
    limit,
    ...(sender === undefined ? {} : { sender }),
    ...(before === undefined ? {} : { before }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const needles = needlesOf(query);
  const read = await Promise.all(page.hits.map((hit) => withSnippet(store, hit, needles)));
  const hits = read.filter((hit) => hit !== undefined);
  return page.cursor === undefined ? { hits } : { hits, cursor: page.cursor };
}

/** The text is the store's: what the index says of a message that has changed since is no find. */
async function withSnippet(
  store: SearcherOptions['store'],
  { room, seq, sender: from, at }: SearchHit,
  needles: readonly string[],
): Promise<FoundMessage | undefined> {
  const page = await store.history({ room, before: seq + 1, limit: 1, maxBytes: MAX_TEXT_BYTES });
  const { states } = await store.states({
    room,
    from: seq,
    to: seq,
    descending: false,
    maxBytes: MAX_TEXT_BYTES,
    known: 0,
  });
  const changed = states[0] === undefined ? undefined : decodeState(states[0].state);
  if (changed?.recalled === true) return undefined;
  const posted = textsOf(page).find((each) => each.seq === seq)?.text;
  const text = changed?.edited === undefined ? posted : textOfBody(changed.edited.body);
  const snippet = text === undefined ? undefined : snippetOf(text, needles);
  return snippet === undefined ? undefined : { room, seq, from, at, snippet };
}
