/** What the file records of every driver decide alike. */
import type {
  ContentRecord,
  FileAccess,
  FileRecord,
  FileRole,
  FileState,
  FinishOutcome,
  ShareTarget,
} from './file-records.ts';

/** What names are searched by: letter case and ways to compose an accent do not count. */
export function searchName(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

export interface Charge {
  /** Of all files and reservations of the user. */
  readonly takenBytes: number;
  /** What this very upload has set aside of it. */
  readonly reservedBytes: number;
  readonly size: number;
  /** 0 for none. */
  readonly quotaBytes: number;
}

/** Whether a file may be charged: what was reserved for it is its own. */
export function fitsQuota({ takenBytes, reservedBytes, size, quotaBytes }: Charge): boolean {
  return quotaBytes === 0 || reservedBytes >= size || takenBytes - reservedBytes + size <= quotaBytes;
}

/**
 * What finishing an upload has come to, by the content that was there before. Who finishes again after a crash finds its own
 * bytes in use, and must not take them for superfluous.
 */
export function outcomeOf(before: ContentRecord | null, address: string, had: boolean): FinishOutcome {
  if (before === null || before.status === 'deleting' || before.address === address) return 'new';
  return had ? 'had' : 'joined';
}

/** One role of a user in a file; a file has as many as there are ways to it. */
export interface AccessRow {
  readonly file: string;
  readonly owner: string;
  readonly name: string;
  readonly role: FileRole;
  readonly state: FileState;
  readonly content: ContentRecord;
}

const RANK: readonly FileRole[] = ['owner', 'friend', 'member'];

/** One access a file, with the name that the highest role knows it by. */
export function accessOf(rows: readonly AccessRow[]): readonly FileAccess[] {
  const byFile = Map.groupBy(rows, ({ file }) => file);
  return [...byFile.values()].map((ways): FileAccess => {
    const roles = RANK.filter((role) => ways.some((way) => way.role === role));
    const { file, owner, name, state, content } = ways.find(({ role }) => role === roles[0]) as AccessRow;
    return { file, owner, name, state, roles, content };
  });
}

/** Whether a file may be purged: with a time, only one that was in the trash before it. */
export function mayPurge({ trashedAt }: FileRecord, trashedBefore: number | undefined): boolean {
  return trashedBefore === undefined || (trashedAt !== null && trashedAt < trashedBefore);
}

/** What a share to a room is granted by. */
export function viaShare(share: string): string {
  return `share:${share}`;
}

/** Whether two shares give the same thing to the same one. Links are all different. */
export function isSameTarget(a: ShareTarget, b: ShareTarget): boolean {
  if (a.kind === 'user') return b.kind === 'user' && a.user === b.user;
  return a.kind === 'room' && b.kind === 'room' && a.room === b.room;
}
