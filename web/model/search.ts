import type { MailroomClient } from '../../src/client/client.ts';
import { asMailroomError, type MailroomError } from '../../src/client/errors.ts';
import type { ResultOf } from '../../src/client/wire.ts';
import { Observable } from './observable.ts';

/** So long after the last letter the server is asked. */
const pauseMs = 250;

export type SearchHit = ResultOf<'messages.search'>['hits'][number];

/** What is looked for in all rooms, and what was found, the newest first. */
export class Search extends Observable {
  query = '';
  hits: readonly SearchHit[] = [];
  /** Whether the server was asked for the query that stands here, and has answered. */
  done = false;
  more = false;
  error: MailroomError | undefined;
  readonly #client: Pick<MailroomClient, 'search'>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #cursor: string | undefined;
  /** Counts queries; the answer to an earlier one is dropped. */
  #epoch = 0;

  constructor(client: Pick<MailroomClient, 'search'>) {
    super();
    this.#client = client;
  }

  /** Looks for something else, or for nothing. */
  look(query: string): void {
    clearTimeout(this.#timer);
    this.#epoch++;
    this.query = query;
    this.#cursor = undefined;
    this.done = false;
    this.more = false;
    this.error = undefined;
    if (query.trim() === '') this.hits = [];
    else this.#timer = setTimeout(() => void this.#ask([]), pauseMs);
    this.changed();
  }

  /** The next page. */
  async next(): Promise<void> {
    if (this.done && this.more) await this.#ask(this.hits);
  }

  async #ask(before: readonly SearchHit[]): Promise<void> {
    const epoch = this.#epoch;
    this.done = false;
    this.error = undefined;
    this.changed();
    try {
      const page = await this.#client.search(
        this.query.trim(),
        this.#cursor === undefined ? {} : { cursor: this.#cursor },
      );
      if (epoch !== this.#epoch) return;
      this.hits = [...before, ...page.hits];
      this.#cursor = page.cursor;
      this.more = page.cursor !== undefined;
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.error = asMailroomError(error);
      this.hits = before;
    }
    this.done = true;
    this.changed();
  }
}
