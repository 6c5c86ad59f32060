/** The directory of a node that shares nothing: it lives as long as the process, whose data directory has a lock of its own. */
import type { Directory, DirectoryView, NodeClaim } from '../ports/directory.ts';

export class ProcessDirectory implements Directory {
  #claim: NodeClaim | null = null;

  read(): DirectoryView {
    return { claim: this.#claim, life: '' };
  }

  replace(seen: NodeClaim | null, next: NodeClaim | null): boolean {
    if (seen?.node !== this.#claim?.node || seen?.beat !== this.#claim?.beat) return false;
    this.#claim = next;
    return true;
  }
}
