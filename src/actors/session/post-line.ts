/**
 * The line of one session's posts to one room, where some have to wait for something before they may go, as for the right of
 * the room to read a file: those behind do not overtake them. Nobody stands in it while nobody waits.
 */

interface PostStep {
  /** Sends the post; calls `next` once those behind may go, and says whether the client will repeat it. */
  go(next: (willRepeat: boolean) => void): void;
  /** One before it was refused in a way that makes the client repeat it. */
  refuse(): void;
}

export class PostLine {
  #waiting: PostStep[] = [];
  #busy = false;
  #broken = false;

  get idle(): boolean {
    return !this.#busy;
  }

  /** False where the post has to be refused, as one before it was. */
  enter(step: PostStep): boolean {
    if (this.#broken) return false;
    this.#waiting.push(step);
    if (!this.#busy) this.#next();
    return true;
  }

  /** A post was refused before it stood in the line; those that come now must not overtake it. */
  break(): void {
    if (this.#busy) this.#broken = true;
  }

  #next(): void {
    const step = this.#waiting.shift();
    this.#busy = step !== undefined;
    if (step === undefined) {
      this.#broken = false;
      return;
    }
    step.go((willRepeat) => {
      if (willRepeat) for (const behind of this.#waiting.splice(0)) behind.refuse();
      this.#next();
    });
  }
}
