/**
 * What crashes leave behind, found and finished: contents whose job was lost, moved contents that are still staged, objects
 * that nobody came to know of, contents without a row, puts that nobody goes on with.
 *
 * The notes of transfers name every object that this node may have made, so that no bucket is searched through: it may be
 * shared, and others' objects are nobody's business.
 */
import { parseAddress } from '../../storage/ports/file-address.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import { CONTENT_PREFIX, type ObjectStore, partsOfKey } from '../../storage/ports/objects.ts';
import type { JobQueue } from '../../storage/ports/queue.ts';
import type { Staging } from '../../storage/ports/staging.ts';
import type { TransferNote, TransferNotes } from '../../storage/ports/transfer-notes.ts';
import type { TransferRecords } from './transfer-records.ts';
import type { Transfers } from './transfers.ts';

export interface SweepOptions {
  readonly objects: Pick<ObjectStore, 'delete' | 'unfinished' | 'abandon'>;
  readonly staging: Pick<Staging, 'contents' | 'free' | 'journal'>;
  readonly notes: TransferNotes;
  readonly records: TransferRecords;
  readonly queue: Pick<JobQueue, 'dead'>;
  readonly transfers: Pick<Transfers, 'enqueue' | 'isRunning' | 'hasJob'>;
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  /** How long a content stays staged after it has moved: whoever reads it there is done by then. */
  readonly graceMs: number;
  /** How old a content without a row must be: longer than an upload lives. */
  readonly lostMs: number;
  /** How old a put must be that nobody goes on with: well above the longest transfer. */
  readonly unfinishedMs: number;
}

export interface SweepReport {
  enqueued: number;
  freed: number;
  deleted: number;
  lost: number;
  abandoned: number;
}

const PAGE = 500;
/** Of one pass. */
const MAX_ABANDONED = 1_000;
const MAX_DEAD = 1_000;

/** Ends what transfers have left behind. Rejects with a `StorageFault`; what was not come to is for the next pass. */
export async function sweepNotes(options: SweepOptions, report: SweepReport): Promise<void> {
  for (const note of await options.notes.all()) {
    if (note.movedAt === null) await settle(options, note, report);
    else if (note.movedAt + options.graceMs <= options.wallMs()) {
      await options.staging.free(note.id);
      await options.notes.forget(note.id);
      report.freed += 1;
    }
  }
}

/** A transfer that has not ended is under way, waits for its next try, or was cut off behind its last step. */
async function settle(
  { records, objects, notes, transfers, wallMs }: SweepOptions,
  { id, key }: TransferNote,
  report: SweepReport,
): Promise<void> {
  const parts = partsOfKey(key);
  if (parts === null) return await notes.forget(id);
  const content = await records.content(parts.hash);
  // Asked last: a run that begins later finds the content as it is now.
  if (transfers.isRunning(parts.hash)) return;
  if (content?.generation !== parts.generation) {
    await objects.delete(key);
    await notes.forget(id);
    report.deleted += 1;
  } else if (content.status === 'stored') await notes.moved(id, wallMs());
}

/** Enqueues contents of this node that have waited since `before` without a job that is known or dead. */
export async function sweepStaged(options: SweepOptions, before: number, report: SweepReport): Promise<void> {
  const { transfers, queue } = options;
  let dead: ReadonlySet<string> | undefined;
  for await (const { hash, updatedAt } of stagedHere(options)) {
    if (updatedAt >= before || transfers.hasJob(hash)) continue;
    dead ??= new Set((await queue.dead(MAX_DEAD)).map(({ id }) => id));
    if (dead.has(hash)) continue;
    await transfers.enqueue(hash);
    report.enqueued += 1;
  }
}

/** Frees staged contents to which no row and no upload leads, and ends old puts. */
export async function sweepLost(options: SweepOptions, report: SweepReport): Promise<void> {
  const { staging, objects, notes, wallMs, lostMs, unfinishedMs } = options;
  const old: string[] = [];
  for await (const { id, changedAt } of staging.contents()) if (changedAt < wallMs() - lostMs) old.push(id);
  if (old.length > 0) {
    const wanted = new Set((await notes.all()).map(({ id }) => id));
    for await (const { address } of stagedHere(options)) {
      const parsed = parseAddress(address);
      if (parsed.where === 'staging') wanted.add(parsed.id);
    }
    for (const id of old) {
      if (wanted.has(id) || (await staging.journal(id)) !== null) continue;
      await staging.free(id);
      report.lost += 1;
    }
  }
  for (const put of await objects.unfinished(wallMs() - unfinishedMs, MAX_ABANDONED)) {
    if (!put.key.startsWith(CONTENT_PREFIX)) continue;
    await objects.abandon(put);
    report.abandoned += 1;
  }
}

async function* stagedHere({ records, node }: SweepOptions): AsyncGenerator<ContentRecord, void, undefined> {
  for (let after: string | undefined; ; ) {
    const page: readonly ContentRecord[] = await records.staged(PAGE, after);
    for (const content of page) {
      const address = parseAddress(content.address);
      if (address.where === 'staging' && address.node === node) yield content;
    }
    after = page.at(-1)?.hash;
    if (page.length < PAGE || after === undefined) return;
  }
}
