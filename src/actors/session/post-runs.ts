/**
 * Runs: the session's half of a sender's order. Posts to a room are numbered in runs; once one of a run was refused in a
 * way that the client will repeat, the rest of the run is refused too, and the next run starts when none is in flight.
 */
export class PostRun {
  readonly #nextRun: () => number;
  run: number;
  #place = 0;
  #inFlight = 0;
  #broken = false;

  /** `nextRun` counts upwards over all rooms of the session. */
  constructor(nextRun: () => number) {
    this.#nextRun = nextRun;
    this.run = nextRun();
  }

  /** The post's place in its run; -1 while a broken run still has posts in flight: then it must be refused. */
  begin(): number {
    if (this.#broken) {
      if (this.#inFlight > 0) return -1;
      this.#broken = false;
      this.run = this.#nextRun();
      this.#place = 0;
    }
    this.#inFlight += 1;
    return this.#place++;
  }

  /** The post was answered. `willRepeat`: refused in a way that makes the client repeat it. */
  end(willRepeat: boolean): void {
    this.#inFlight -= 1;
    if (willRepeat) this.#broken = true;
  }

  /** A post was refused before it got a place; those behind it must not overtake it. */
  break(): void {
    if (this.#inFlight > 0) this.#broken = true;
  }
}
