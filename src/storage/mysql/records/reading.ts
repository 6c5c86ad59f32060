/** Marked rooms and hidden messages on MySQL: written on the primary, read where the write is surely seen. */
import type { Reading, RoomReading } from '../../ports/reading.ts';
import type { SqlRunner, SqlValue } from '../connection.ts';
import type { MysqlServers } from '../mysql-servers.ts';
import type { SqlTransaction } from '../transaction.ts';
import { AnnouncedAccess, roomKey } from './announced-access.ts';
import { text } from './text.ts';

const TEXT = { prepared: false } as const;

interface HiderRow {
  readonly user: Uint8Array;
  readonly count: number;
}

export class MysqlReading implements Reading {
  readonly #access: AnnouncedAccess;

  /** The servers stay the caller's to close; their schema has to be the newest. */
  constructor(servers: MysqlServers) {
    this.#access = new AnnouncedAccess(servers);
  }

  readingOf(room: string): Promise<RoomReading> {
    return this.#access.read([roomKey(room)], (runner) => readReading(runner, room));
  }

  async mark(room: string, user: string, marked: boolean): Promise<void> {
    const sql = marked
      ? 'INSERT INTO room_mark (room, user) VALUES (?, ?) ON DUPLICATE KEY UPDATE user = VALUES(user)'
      : 'DELETE FROM room_mark WHERE room = ? AND user = ?';
    await this.#access.writing([roomKey(room)], (tx) => tx.run(sql, [bytesOf(room), bytesOf(user)]));
  }

  hide(room: string, user: string, seqs: readonly number[], most: number): Promise<number | null> {
    return this.#access.writing(
      [roomKey(room)],
      (tx) => hideWithin(tx, room, user, seqs, most),
      (count) => count !== null,
    );
  }

  hidden(room: string, user: string, from: number, to: number): Promise<readonly number[]> {
    return this.#access.read([roomKey(room)], async (runner) => {
      const rows = await runner.rows<{ seq: number }>(
        'SELECT seq FROM hidden_message WHERE room = ? AND user = ? AND seq BETWEEN ? AND ? ORDER BY seq',
        [bytesOf(room), bytesOf(user), from, to],
      );
      return rows.map(({ seq }) => seq);
    });
  }

  /** Has nothing of its own open. */
  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function readReading(runner: SqlRunner, room: string): Promise<RoomReading> {
  const marked = await runner.rows<{ user: Uint8Array }>('SELECT user FROM room_mark WHERE room = ? ORDER BY user', [
    bytesOf(room),
  ]);
  const hiders = await runner.rows<HiderRow>(
    'SELECT user, COUNT(*) AS count FROM hidden_message WHERE room = ? GROUP BY user ORDER BY user',
    [bytesOf(room)],
  );
  return {
    marked: marked.map(({ user }) => text(user)),
    hiders: hiders.map(({ user, count }) => ({ user: text(user), count })),
  };
}

/** Counts first, what is new among them included, so that too many are never written. */
async function hideWithin(
  tx: SqlTransaction,
  room: string,
  user: string,
  seqs: readonly number[],
  most: number,
): Promise<number | null> {
  const wanted = [...new Set(seqs)];
  const key = [bytesOf(room), bytesOf(user)];
  const [row] = await tx.rows<{ count: number }>(
    'SELECT COUNT(*) AS count FROM hidden_message WHERE room = ? AND user = ? FOR UPDATE',
    key,
  );
  const count = row?.count ?? 0;
  if (wanted.length === 0) return count;
  const there = await tx.rows<{ seq: number }>(
    `SELECT seq FROM hidden_message WHERE room = ? AND user = ? AND seq IN (${wanted.map(() => '?').join(', ')})`,
    [...key, ...wanted],
    TEXT,
  );
  const known = new Set(there.map(({ seq }) => seq));
  const fresh = wanted.filter((seq) => !known.has(seq));
  if (count + fresh.length > most) return null;
  if (fresh.length === 0) return count;
  await tx.run(
    `INSERT INTO hidden_message (room, user, seq) VALUES ${fresh.map(() => '(?, ?, ?)').join(', ')}`,
    fresh.flatMap((seq): SqlValue[] => [...key, seq]),
    TEXT,
  );
  return count + fresh.length;
}

/** Ids are compared as the bytes that they are stored as. */
function bytesOf(id: string): Uint8Array {
  return Buffer.from(id);
}
