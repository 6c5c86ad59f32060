/** Medians, and a histogram that costs a few nanoseconds a value. */

export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** Three significant digits: more would claim what no round can hold. */
export function round(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : value;
}

const STEPS_PER_DOUBLING = 16;
const DOUBLINGS = 28;

/** Times in microseconds up to some four minutes, to within 5 %. */
export class Histogram {
  readonly #counts = new Float64Array(STEPS_PER_DOUBLING * DOUBLINGS);
  #total = 0;

  record(micros: number): void {
    const bucket = Math.max(0, Math.floor(Math.log2(Math.max(1, micros)) * STEPS_PER_DOUBLING));
    const place = Math.min(bucket, this.#counts.length - 1);
    this.#counts[place] = (this.#counts[place] as number) + 1;
    this.#total += 1;
  }

  /** `share` from 0 to 1; the upper edge of the bucket. NaN where nothing was recorded. */
  percentile(share: number): number {
    let left = this.#total * share;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      left -= this.#counts[bucket] as number;
      if (left <= 0 && this.#total > 0) return 2 ** ((bucket + 1) / STEPS_PER_DOUBLING);
    }
    return Number.NaN;
  }
}
