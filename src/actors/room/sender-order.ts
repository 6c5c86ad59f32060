/**
 * Sender order: posts of one session get ascending seqs in the order of sending, refusals included.
 *
 * A session numbers its posts to a room in runs. A post that was refused on the way, or here, breaks its run: whatever
 * the session had sent after it is refused too, until it starts a new run.
 */

/** Sessions that one room remembers; a forgotten session's next post is refused once, and it starts a new run. */
const MAX_SESSIONS = 4_096;

interface Progress {
  run: number;
  next: number;
}

export class SenderOrder {
  readonly #sessions = new Map<string, Progress>();

  /** Whether this post is the next of its session. */
  accepts(session: string, run: number, place: number): boolean {
    const progress = this.#sessions.get(session);
    if (progress === undefined || progress.run < run) {
      if (place !== 0) return false;
      this.#remember(session, run);
      return true;
    }
    if (progress.run !== run || progress.next !== place) return false;
    progress.next += 1;
    return true;
  }

  /** A post of the run was refused after it was accepted: so are those after it. */
  break(session: string): void {
    const progress = this.#sessions.get(session);
    if (progress !== undefined) progress.next = -1;
  }

  #remember(session: string, run: number): void {
    this.#sessions.delete(session);
    this.#sessions.set(session, { run, next: 1 });
    if (this.#sessions.size <= MAX_SESSIONS) return;
    const oldest = this.#sessions.keys().next().value;
    if (oldest !== undefined) this.#sessions.delete(oldest);
  }
}
