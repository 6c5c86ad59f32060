/** The trace of a simulation: one line for each thing that happened, hashed always, kept where somebody reads it. */

const LINES_PER_UPDATE = 256;

export class Trace {
  readonly #hasher = new Bun.CryptoHasher('sha256');
  readonly #maxKept: number;
  readonly #kept: string[] = [];
  #unhashed: string[] = [];
  #digest: string | undefined;

  /** The last `maxKept` lines are kept; 0 keeps none. */
  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  add(nowMs: number, text: string): void {
    const line = `${nowMs.toFixed(3)} ${text}\n`;
    this.#unhashed.push(line);
    if (this.#unhashed.length >= LINES_PER_UPDATE) this.#update();
    if (this.#maxKept === 0) return;
    this.#kept.push(line);
    if (this.#kept.length > this.#maxKept * 2) this.#kept.splice(0, this.#kept.length - this.#maxKept);
  }

  /** Hex SHA-256 over all lines. Nothing may be added afterwards. */
  digest(): string {
    this.#update();
    this.#digest ??= this.#hasher.digest('hex');
    return this.#digest;
  }

  lines(): string {
    return this.#kept.slice(-this.#maxKept).join('');
  }

  #update(): void {
    if (this.#unhashed.length > 0) this.#hasher.update(this.#unhashed.join(''));
    this.#unhashed = [];
  }
}
