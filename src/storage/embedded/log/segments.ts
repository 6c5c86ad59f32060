/**
 * The log's segments: numbered SQLite files that are written once, never checkpointed, and removed whole.
 *
 * A segment's rows live in its WAL for good. It comes into being complete (built under another name, then linked) and
 * *primed*: its WAL exists and is durable by name, so that the first append costs what every append costs. The writer
 * and the reader may both prepare the same segment; whoever is second finds it there.
 */
import { Database } from 'bun:sqlite';
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StorageFault } from '../../ports/faults.ts';
import { createPrivateFile, openDatabase, syncDirectory } from '../database.ts';

export interface Segment {
  readonly number: number;
  readonly path: string;
}

/** Marks a file as a log segment of this format ("MRL1"). */
const APPLICATION_ID = 0x4d524c31;
const SEGMENT_NAME = /^(\d{8,})\.db$/;
const LEFTOVER_NAME = /\.tmp(-journal|-wal|-shm)?$/;
const SIDE_FILE_NAME = /^(\d{8,}\.db)-(wal|shm)$/;

export function segmentAt(directory: string, number: number): Segment {
  return { number, path: join(directory, `${String(number).padStart(8, '0')}.db`) };
}

/** The segments that exist, oldest first. */
export function listSegments(directory: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of readdirSync(directory)) {
    const match = SEGMENT_NAME.exec(name);
    if (match) segments.push({ number: Number(match[1]), path: join(directory, name) });
  }
  return segments.sort((a, b) => a.number - b.number);
}

/** Opens a segment for appending, creating and priming it if nobody has. */
export function openForAppend(segment: Segment): Database {
  if (!existsSync(segment.path)) createSegment(segment);
  const db = openDatabase(segment.path, { autocheckpointPages: 0 });
  try {
    checkFormat(db);
    if (!isPrimed(db)) prime(db);
    return db;
  } catch (error) {
    db.close(true);
    throw error;
  }
}

/** Opens a segment for reading. Such a connection never checkpoints, even if it is the last one to close. */
export function openForRead(segment: Segment): Database {
  const db = openDatabase(segment.path, { readonly: true });
  try {
    checkFormat(db);
    return db;
  } catch (error) {
    db.close(true);
    throw error;
  }
}

/** Removes a segment that nobody needs. A crash on the way leaves side files, which `sweep` removes. */
export function removeSegment(segment: Segment): void {
  rmSync(segment.path, { force: true });
  // The name must be gone for good before the rows are: a segment without its WAL would look like an empty one.
  syncDirectory(dirname(segment.path));
  // Truncating frees the blocks here, and not on the thread that happens to close the file last.
  if (existsSync(`${segment.path}-wal`)) truncateSync(`${segment.path}-wal`, 0);
  rmSync(`${segment.path}-wal`, { force: true });
  rmSync(`${segment.path}-shm`, { force: true });
}

/** Removes what a crash left half made or half removed. For the log's owner, before it touches anything else. */
export function sweep(directory: string): void {
  for (const name of readdirSync(directory)) {
    const segmentFile = SIDE_FILE_NAME.exec(name)?.[1];
    const orphan = segmentFile !== undefined && !existsSync(join(directory, segmentFile));
    if (orphan || LEFTOVER_NAME.test(name)) rmSync(join(directory, name), { force: true });
  }
}

function createSegment(segment: Segment): void {
  const draft = `${segment.path}.${randomUUID()}.tmp`;
  createPrivateFile(draft);
  const db = new Database(draft, { readwrite: true, create: false });
  try {
    db.run(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.run('CREATE TABLE batch (position INTEGER PRIMARY KEY, records BLOB NOT NULL) STRICT');
    db.run('PRAGMA journal_mode = WAL');
  } finally {
    db.close(true);
  }
  try {
    linkSync(draft, segment.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A first commit creates the WAL with its header and syncs its name; it follows the sync of the segment's own name. */
function prime(db: Database): void {
  syncDirectory(dirname(db.filename));
  db.run('PRAGMA user_version = 1');
}

function isPrimed(db: Database): boolean {
  return db.query<{ user_version: number }, []>('PRAGMA user_version').get()?.user_version === 1;
}

function checkFormat(db: Database): void {
  const found = db.query<{ application_id: number }, []>('PRAGMA application_id').get()?.application_id;
  if (found !== APPLICATION_ID) throw new StorageFault('corrupt', `${db.filename} is no log segment of this format`);
}
