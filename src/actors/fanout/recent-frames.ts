/** The newest frames of one stream of a topic, to bring a joining session up to date without asking the room. */
const RECENT_FRAMES = 32;
const RECENT_BYTES = 64 * 1024;

export class RecentFrames {
  #frames: Uint8Array[] = [];
  #bytes = 0;

  push(frame: Uint8Array): void {
    this.#frames.push(frame);
    this.#bytes += frame.length;
    if (this.#frames.length > RECENT_FRAMES * 2 || this.#bytes > RECENT_BYTES * 2) this.#forgetOldest();
  }

  /** The last `count` of them, if so many are kept. */
  last(count: number): readonly Uint8Array[] | undefined {
    if (count <= 0) return [];
    return count <= this.#frames.length ? this.#frames.slice(-count) : undefined;
  }

  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }

  #forgetOldest(): void {
    let kept = this.#frames.slice(-RECENT_FRAMES);
    let bytes = kept.reduce((sum, frame) => sum + frame.length, 0);
    while (bytes > RECENT_BYTES && kept.length > 1) {
      bytes -= (kept[0] as Uint8Array).length;
      kept = kept.slice(1);
    }
    this.#frames = kept;
    this.#bytes = bytes;
  }
}
