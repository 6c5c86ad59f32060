/** The reference model of marked rooms and hidden messages. */
import type { Reading, RoomReading } from '../../src/storage/ports/reading.ts';

export class MemoryReading implements Reading {
  readonly #marks = new Map<string, Set<string>>();
  readonly #hidden = new Map<string, Map<string, Set<number>>>();

  readingOf(room: string): RoomReading {
    const hiders = [...(this.#hidden.get(room) ?? [])].map(([user, seqs]) => ({ user, count: seqs.size }));
    return {
      marked: [...(this.#marks.get(room) ?? [])].sort(),
      hiders: hiders.filter(({ count }) => count > 0).sort((a, b) => (a.user < b.user ? -1 : 1)),
    };
  }

  mark(room: string, user: string, marked: boolean): void {
    const marks = this.#marks.get(room) ?? new Set();
    this.#marks.set(room, marks);
    if (marked) marks.add(user);
    else marks.delete(user);
  }

  hide(room: string, user: string, seqs: readonly number[], most: number): number | null {
    const users = this.#hidden.get(room) ?? new Map<string, Set<number>>();
    this.#hidden.set(room, users);
    const hidden = new Set([...(users.get(user) ?? []), ...seqs]);
    if (hidden.size > most) return null;
    users.set(user, hidden);
    return hidden.size;
  }

  hidden(room: string, user: string, from: number, to: number): number[] {
    const seqs = [...(this.#hidden.get(room)?.get(user) ?? [])];
    return seqs.filter((seq) => seq >= from && seq <= to).sort((a, b) => a - b);
  }

  close(): void {}
}
