/**
 * The collector: deletes files whose time in the trash is over, and contents that nobody refers to.
 *
 * A content is marked in a transaction that finds no reference; from then on nobody can refer to it, and exactly the bytes of
 * that generation are deleted before its row is. A pass that is cut short anywhere is gone on with by the next one.
 */
import type { CancelTimer, Host } from '../../runtime/host.ts';
import { StorageFault } from '../../storage/ports/faults.ts';
import { parseAddress } from '../../storage/ports/file-address.ts';
import type { FileRecords } from '../../storage/ports/file-records.ts';
import type { ObjectStore } from '../../storage/ports/objects.ts';
import type { Staging } from '../../storage/ports/staging.ts';

type Asked<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;

/** What the collector asks of the records of files. */
export type CollectorRecords = {
  readonly [O in
    | 'trashedBefore'
    | 'purge'
    | 'collectable'
    | 'content'
    | 'markDeleting'
    | 'removed'
    | 'forgetShares']: Asked<FileRecords[O]>;
};

export interface CollectorReport {
  purged: number;
  collected: number;
}

export interface CollectorOptions {
  readonly records: CollectorRecords;
  readonly objects: Pick<ObjectStore, 'delete'>;
  readonly staging: Pick<Staging, 'free'>;
  /** This node's id: what is staged elsewhere is that node's to collect. */
  readonly node: string;
  readonly host: Pick<Host, 'setTimer'>;
  readonly wallMs: () => number;
  readonly everyMs: number;
  /** How long a file stays in the trash. */
  readonly trashMs: number;
  /** How long a content stays after its last reference has gone. */
  readonly graceMs: number;
  readonly onCollected: (report: CollectorReport) => void;
  /** A pass was cut short. */
  readonly onFault: (fault: StorageFault) => void;
  /** A defect. */
  readonly onDefect: (error: unknown) => void;
}

/** Done in one pass; what is left has to wait for the next one, as others use the records too. */
const AT_ONCE = 500;
/** Links that have expired are shown to their owner for so long. */
const EXPIRED_MS = 7 * 86_400_000;

export class Collector {
  readonly #options: CollectorOptions;
  #cancel: CancelTimer = () => undefined;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#after(this.#options.everyMs);
  }

  /** Resolves when no pass is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#running;
  }

  #after(ms: number): void {
    if (this.#isClosed) return;
    this.#cancel = this.#options.host.setTimer(ms, () => {
      this.#running = this.#pass().catch(this.#options.onDefect);
    });
  }

  async #pass(): Promise<void> {
    const { onFault, onCollected, everyMs } = this.#options;
    const report: CollectorReport = { purged: 0, collected: 0 };
    try {
      await this.#emptyTrash(report);
      await this.#collect(report);
      await this.#options.records.forgetShares(this.#options.wallMs() - EXPIRED_MS);
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
      onFault(error);
    }
    onCollected(report);
    this.#after(everyMs);
  }

  async #emptyTrash(report: CollectorReport): Promise<void> {
    const { records, wallMs, trashMs } = this.#options;
    const before = wallMs() - trashMs;
    for (const { user, id } of await records.trashedBefore(before, AT_ONCE)) {
      if (this.#isClosed) return;
      // Its owner may have restored it meanwhile.
      if (await records.purge(user, id, wallMs(), before)) report.purged += 1;
    }
  }

  async #collect(report: CollectorReport): Promise<void> {
    const { records, wallMs, graceMs } = this.#options;
    for (const { hash, generation, address } of await records.collectable(wallMs() - graceMs, AT_ONCE)) {
      if (this.#isClosed) return;
      const isElsewhere = this.#isElsewhere(address);
      if (isElsewhere || !(await records.markDeleting(hash, generation, wallMs()))) continue;
      // It may have moved to the object store before it was marked; now it stays where it is.
      const marked = await records.content(hash);
      if (marked?.generation !== generation) continue;
      await this.#delete(marked.address);
      if (await records.removed(hash, generation)) report.collected += 1;
    }
  }

  #isElsewhere(address: string): boolean {
    const place = parseAddress(address);
    return place.where === 'staging' && place.node !== this.#options.node;
  }

  async #delete(address: string): Promise<void> {
    const place = parseAddress(address);
    if (place.where === 'object') await this.#options.objects.delete(place.key);
    else await this.#options.staging.free(place.id);
  }
}
