/** Downloads in memory: the reference of the contract. */
import {
  type DownloadChange,
  type DownloadCursor,
  type DownloadRecord,
  type DownloadState,
  type Downloads,
  OPEN_STATES,
} from '../../src/storage/ports/downloads.ts';

export class MemoryDownloads implements Downloads {
  readonly #all = new Map<string, DownloadRecord>();

  create(download: DownloadRecord, maxOpen: number): boolean {
    const open = [...this.#all.values()].filter(
      ({ user, state }) => user === download.user && OPEN_STATES.includes(state),
    );
    if (open.length >= maxOpen) return false;
    this.#all.set(download.id, download);
    return true;
  }

  download(id: string): DownloadRecord | null {
    return this.#all.get(id) ?? null;
  }

  downloadsOf(user: string, limit: number, after?: DownloadCursor): readonly DownloadRecord[] {
    const isBehind = ({ createdAt, id }: DownloadRecord): boolean =>
      after === undefined || createdAt < after.at || (createdAt === after.at && id < after.id);
    return [...this.#all.values()]
      .filter((each) => each.user === user && isBehind(each))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  change(id: string, from: readonly DownloadState[], change: DownloadChange, at: number): DownloadRecord | null {
    const found = this.#all.get(id);
    if (found === undefined || !from.includes(found.state)) return null;
    const changed = { ...found, ...change, updatedAt: at };
    this.#all.set(id, changed);
    return changed;
  }

  unfinished(limit: number, after = ''): readonly DownloadRecord[] {
    return [...this.#all.values()]
      .filter(({ id, state }) => (state === 'queued' || state === 'running') && id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  forgetEnded(before: number, limit: number): number {
    const ended = [...this.#all.values()]
      .filter(({ state, updatedAt }) => !OPEN_STATES.includes(state) && updatedAt < before)
      .slice(0, limit);
    for (const { id } of ended) this.#all.delete(id);
    return ended.length;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
