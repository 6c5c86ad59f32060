/** Which keys are asked for most: counted, halved now and then, and bounded. */
export class HotList {
  readonly #max: number;
  #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  touch(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    if (this.#counts.size > this.#max) this.#halve();
  }

  /** At most `count` keys, the hottest first. */
  hottest(count: number): string[] {
    return [...this.#counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, count)
      .map(([key]) => key);
  }

  /** Keys that were seen once go, and if all were seen often, the older half of them. */
  #halve(): void {
    const halved = [...this.#counts].map(([key, count]): [string, number] => [key, Math.floor(count / 2)]);
    const left = halved.filter(([, count]) => count > 0);
    this.#counts = new Map(left.length <= this.#max / 2 ? left : left.slice(Math.floor(left.length / 2)));
  }
}
