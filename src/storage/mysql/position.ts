/**
 * Positions in the primary's order of commits, out of GTIDs: how far a replica has come, and how far it has to.
 *
 * Each source of commits (a domain of MariaDB's, a server's UUID of MySQL's) counts its own, and replicas apply those of
 * one source in order (`replica_preserve_commit_order` with MySQL), so that a source's highest number says all.
 */

interface Reached {
  readonly count: bigint;
  /** As the server writes it. */
  readonly gtid: string;
}

/** Highest commit by source. Made by `parsePosition` only. */
export type Position = ReadonlyMap<string, Reached>;

export const NOWHERE: Position = new Map();

/**
 * Reads GTIDs of either dialect: `0-1-270,1-2-5` of MariaDB, `UUID:1-5:8,UUID:1-3` of MySQL, where the highest number of a
 * source counts. Throws a RangeError for other texts.
 */
export function parsePosition(text: string): Position {
  const position = new Map<string, Reached>();
  for (const part of text.split(',')) {
    const gtid = part.trim();
    if (gtid === '') continue;
    const [source, reached] = parseOne(gtid);
    raise(position, source, reached);
  }
  return position;
}

/** As a server takes it. */
export function formatPosition(position: Position): string {
  return [...position.values()].map(({ gtid }) => gtid).join(',');
}

/** Whether who has come to `have` has seen all of `want`. */
export function hasReached(have: Position, want: Position): boolean {
  for (const [source, { count }] of want) {
    if ((have.get(source)?.count ?? 0n) < count) return false;
  }
  return true;
}

/** The least position from which all of the given ones have been reached. */
export function latestOf(positions: Iterable<Position>): Position {
  const latest = new Map<string, Reached>();
  for (const position of positions) {
    for (const [source, reached] of position) raise(latest, source, reached);
  }
  return latest;
}

function raise(position: Map<string, Reached>, source: string, reached: Reached): void {
  const known = position.get(source);
  if (known === undefined || known.count < reached.count) position.set(source, reached);
}

function parseOne(gtid: string): readonly [source: string, reached: Reached] {
  const mariadb = /^(\d+)-\d+-(\d+)$/.exec(gtid);
  if (mariadb !== null) return [mariadb[1] as string, { count: BigInt(mariadb[2] as string), gtid }];
  // A UUID, perhaps a tag, then numbers and stretches of numbers, ascending.
  const mysql = /^([0-9a-f-]{36}(?::[a-z_]\w*)?)(?::\d+(?:-\d+)?)*[:-](\d+)$/i.exec(gtid);
  if (mysql === null) throw new RangeError('this is no GTID of MySQL or MariaDB');
  const [, source = '', count = ''] = mysql;
  return [source.toLowerCase(), { count: BigInt(count), gtid: `${source}:${count}` }];
}
