import { expect, test } from 'bun:test';
import { Histogram, median } from './stats.ts';

test('[BNC4] the median of an even number is between the middle two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('[BNC4] percentiles are right to within 5 %', () => {
  const histogram = new Histogram();
  for (let micros = 1; micros <= 10_000; micros++) histogram.record(micros);
  for (const share of [0.5, 0.9, 0.99]) {
    const exact = share * 10_000;
    expect(Math.abs(histogram.percentile(share) - exact) / exact).toBeLessThan(0.05);
  }
  expect(new Histogram().percentile(0.5)).toBeNaN();
});
