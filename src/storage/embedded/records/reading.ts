/** Marked rooms and hidden messages, in the file of the records. */
import type { Database, Statement } from 'bun:sqlite';
import type { Reading, RoomReading } from '../../ports/reading.ts';
import { guarded } from '../faults.ts';

export class SqliteReading implements Reading {
  readonly #db: Database;
  readonly #marked: Statement<{ user: string }, [string]>;
  readonly #hiders: Statement<{ user: string; count: number }, [string]>;
  readonly #setMark: Statement<unknown, [string, string]>;
  readonly #dropMark: Statement<unknown, [string, string]>;
  readonly #hide: Statement<unknown, [string, string, number]>;
  readonly #count: Statement<{ count: number }, [string, string]>;
  readonly #hidden: Statement<{ seq: number }, [string, string, number, number]>;

  /** On the connection of the records, which brings the tables up to date and is theirs to close. */
  constructor(db: Database) {
    this.#db = db;
    this.#marked = db.prepare('SELECT user FROM room_mark WHERE room = ? ORDER BY user');
    this.#hiders = db.prepare(
      'SELECT user, count(*) AS count FROM hidden_message WHERE room = ? GROUP BY user ORDER BY user',
    );
    this.#setMark = db.prepare('INSERT INTO room_mark VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#dropMark = db.prepare('DELETE FROM room_mark WHERE room = ? AND user = ?');
    this.#hide = db.prepare('INSERT INTO hidden_message VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#count = db.prepare('SELECT count(*) AS count FROM hidden_message WHERE room = ? AND user = ?');
    this.#hidden = db.prepare(
      'SELECT seq FROM hidden_message WHERE room = ? AND user = ? AND seq BETWEEN ? AND ? ORDER BY seq',
    );
  }

  readingOf(room: string): RoomReading {
    return guarded('read marks', () => ({
      marked: this.#marked.all(room).map(({ user }) => user),
      hiders: this.#hiders.all(room),
    }));
  }

  mark(room: string, user: string, marked: boolean): void {
    guarded('mark a room', () => (marked ? this.#setMark : this.#dropMark).run(room, user));
  }

  hide(room: string, user: string, seqs: readonly number[], most: number): number | null {
    const within = this.#db.transaction((): number | null => {
      for (const seq of seqs) this.#hide.run(room, user, seq);
      const count = this.#count.get(room, user)?.count ?? 0;
      if (count > most) throw new TooMany();
      return count;
    });
    return guarded('hide messages', () => {
      try {
        return within.immediate();
      } catch (error) {
        if (error instanceof TooMany) return null;
        throw error;
      }
    });
  }

  hidden(room: string, user: string, from: number, to: number): readonly number[] {
    return guarded('read hidden messages', () => this.#hidden.all(room, user, from, to).map(({ seq }) => seq));
  }

  close(): void {
    // The connection is closed with the records.
  }
}

/** Undoes the transaction. */
class TooMany extends Error {}
