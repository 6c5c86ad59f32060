/**
 * The search index: which messages have which words. It is made from what the message store has, off the way of a message,
 * and may be emptied and made anew at any time: it holds tokens, and no text.
 */
import type { Promised } from './records.ts';
import type { SearchTerm } from './search-words.ts';

/** A message as it is indexed. */
export interface SearchableMessage {
  readonly seq: number;
  readonly sender: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Of its text: see `wordsOf`. */
  readonly tokens: readonly string[];
}

/** Up to where a room is indexed. */
export interface SearchPosition {
  readonly room: string;
  readonly seq: number;
  readonly change: number;
}

/** What is written in one transaction: a stretch of one room. */
export interface SearchBatch {
  /** Where the room stands once the batch is in. */
  readonly position: SearchPosition;
  /** A message that is there already is replaced; one without tokens is taken out. */
  readonly messages: readonly SearchableMessage[];
}

export interface SearchQuery {
  /** At least one; a message must have all of them. */
  readonly terms: readonly SearchTerm[];
  /** Rooms to look in. */
  readonly rooms: readonly string[];
  /** Only messages of this sender. */
  readonly sender?: string;
  /** Only messages taken before this time. Milliseconds since the epoch. */
  readonly before?: number;
  /** 1 … 100. */
  readonly limit: number;
  /** Of the page before. */
  readonly cursor?: string;
}

export interface SearchHit {
  readonly room: string;
  readonly seq: number;
  readonly sender: string;
  readonly at: number;
}

export interface SearchPage {
  /** The newest first. */
  readonly hits: readonly SearchHit[];
  /** Absent: this is the last page. Opaque; a driver's own. */
  readonly cursor?: string;
}

/**
 * *Details.* Writes are for one indexer; reads may be many. A search may lag behind what was written a moment ago.
 * *Gotchas.* A cursor that a driver did not make is a `refused` fault.
 */
export interface Search {
  /** Empties the index if it was made by another version of the words, or if it is to be made `anew`. True if it is empty now. */
  prepare(version: number, anew: boolean): Promised<boolean>;
  /** Of each of the rooms that the index knows. */
  positions(rooms: readonly string[]): Promised<readonly SearchPosition[]>;
  index(batch: SearchBatch): Promised<void>;
  search(query: SearchQuery): Promised<SearchPage>;
  close(): Promised<void>;
}
