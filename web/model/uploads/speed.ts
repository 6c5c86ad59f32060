/** How fast bytes go, over the last seconds. Times are milliseconds. */

const WINDOW_MS = 5_000;

export class Speed {
  #samples: { readonly atMs: number; readonly bytes: number }[] = [];

  /** Says how many bytes have gone in all. */
  add(bytes: number, atMs: number): void {
    this.#samples.push({ atMs, bytes });
    while (this.#samples.length > 2 && (this.#samples[0]?.atMs ?? 0) < atMs - WINDOW_MS) this.#samples.shift();
  }

  /** After a pause the time before it does not count. */
  reset(): void {
    this.#samples = [];
  }

  /** Bytes a second; undefined as long as nobody can tell. */
  get bytesPerSecond(): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < 250) return undefined;
    return ((last.bytes - first.bytes) * 1_000) / (last.atMs - first.atMs);
  }

  /** Seconds until so many bytes have gone; undefined where nobody can tell. */
  secondsTo(total: number): number | undefined {
    const last = this.#samples.at(-1);
    const speed = this.bytesPerSecond;
    if (last === undefined || speed === undefined || speed <= 0) return undefined;
    return Math.max(0, total - last.bytes) / speed;
  }
}
