/** Watches on actors of other threads, by address. */
import type { OutgoingLane } from './lanes/outgoing-lane.ts';
import type { Ref } from './ref.ts';

type Watcher = (address: string) => void;

export class Watches {
  readonly #watchers = new Map<string, Set<Watcher>>();

  /** Registers the watcher and, for the first one of an address, asks the owning thread. */
  remote<M>(ref: Ref<M>, watcher: Watcher, lane: OutgoingLane): void {
    const { address } = ref;
    const watchers = this.#watchers.get(address);
    if (watchers !== undefined) {
      watchers.add(watcher);
      return;
    }
    this.#watchers.set(address, new Set([watcher]));
    // Out of credit means that nobody would ever tell: treat it as ended, the watcher watches again if it cares.
    if (!lane.watch(ref)) this.ended(address);
  }

  forget(address: string, watcher: Watcher): void {
    this.#watchers.get(address)?.delete(watcher);
  }

  ended(address: string): void {
    const watchers = this.#watchers.get(address);
    this.#watchers.delete(address);
    for (const watcher of watchers ?? []) watcher(address);
  }
}
