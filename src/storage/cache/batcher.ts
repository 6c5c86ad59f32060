/** Gathers single questions of one turn into one question to the store. */
import type { Host } from '../../runtime/host.ts';

export class Batcher<T> {
  readonly #host: Pick<Host, 'defer'>;
  readonly #loadAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  #gathered: string[] = [];
  #batch: Promise<ReadonlyMap<string, T>> | undefined;

  constructor(host: Pick<Host, 'defer'>, loadAll: (ids: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
    this.#host = host;
    this.#loadAll = loadAll;
  }

  /** Null where the store has nothing of that id. */
  async load(id: string): Promise<T | null> {
    this.#gathered.push(id);
    this.#batch ??= new Promise<void>((resolve) => this.#host.defer(resolve)).then(() => this.#leave());
    return (await this.#batch).get(id) ?? null;
  }

  #leave(): Promise<ReadonlyMap<string, T>> {
    const ids = this.#gathered;
    this.#gathered = [];
    this.#batch = undefined;
    return this.#loadAll(ids);
  }
}
