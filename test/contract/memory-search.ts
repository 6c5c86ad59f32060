/** The search index's reference model: what the port says, in the plainest form. */
import type {
  Search,
  SearchableMessage,
  SearchBatch,
  SearchPage,
  SearchPosition,
  SearchQuery,
} from '../../src/storage/ports/search.ts';
import type { SearchTerm } from '../../src/storage/ports/search-words.ts';

export class MemorySearch implements Search {
  readonly #rooms = new Map<string, { position: SearchPosition; messages: Map<number, SearchableMessage> }>();
  #version = 0;

  prepare(version: number, anew: boolean): boolean {
    if (anew || version !== this.#version) this.#rooms.clear();
    this.#version = version;
    return this.#rooms.size === 0;
  }

  positions(rooms: readonly string[]): SearchPosition[] {
    return rooms.flatMap((room) => this.#rooms.get(room)?.position ?? []);
  }

  index({ position, messages }: SearchBatch): void {
    const room = this.#rooms.get(position.room) ?? { position, messages: new Map() };
    this.#rooms.set(position.room, room);
    room.position = position;
    for (const message of messages) {
      if (message.tokens.length === 0) room.messages.delete(message.seq);
      else room.messages.set(message.seq, message);
    }
  }

  search({ terms, rooms, sender, before = Number.POSITIVE_INFINITY, limit, cursor = '0' }: SearchQuery): SearchPage {
    const all = [...new Set(rooms)]
      .flatMap((room) => [...(this.#rooms.get(room)?.messages.values() ?? [])].map((message) => ({ room, message })))
      .filter(({ message }) => message.at < before && (sender === undefined || message.sender === sender))
      .filter(({ message }) => terms.length > 0 && terms.every((term) => has(message, term)))
      .sort((a, b) => b.message.at - a.message.at);
    const start = Number(cursor);
    const hits = all
      .slice(start, start + limit)
      .map(({ room, message: { seq, sender: from, at } }) => ({ room, seq, sender: from, at }));
    return start + limit < all.length ? { hits, cursor: String(start + limit) } : { hits };
  }

  close(): void {}
}

function has({ tokens }: SearchableMessage, { token, prefix }: SearchTerm): boolean {
  return tokens.some((each) => (prefix ? each.startsWith(token) : each === token));
}
