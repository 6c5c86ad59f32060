import { describe, expect, test } from 'bun:test';
import { httpDate, judge, rangeCounts, selectionOf } from './preconditions.ts';

const MODIFIED = Date.UTC(2026, 10, 22, 12, 0, 0, 700);
const validators = { etag: '"sha256-abc"', modifiedAt: MODIFIED };
const [before, at, after] = [-60_000, 0, 60_000].map((ms) => httpDate(MODIFIED + ms)) as [string, string, string];

function asked(headers: Record<string, string>): Request {
  return new Request('http://localhost/', { headers });
}

describe('conditions of a request', () => {
  test.each([
    [{}, 'go-on'],
    [{ 'if-match': '"sha256-abc"' }, 'go-on'],
    [{ 'if-match': '*' }, 'go-on'],
    [{ 'if-match': '"x", "sha256-abc"' }, 'go-on'],
    [{ 'if-match': '"x"' }, 'failed'],
    [{ 'if-match': 'W/"sha256-abc"' }, 'failed'],
    [{ 'if-match': 'sha256-abc' }, 'failed'],
    [{ 'if-none-match': '"sha256-abc"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"sha256-abc"' }, 'not-modified'],
    [{ 'if-none-match': '"x",W/"y" , "sha256-abc"' }, 'not-modified'],
    [{ 'if-none-match': '*' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'go-on'],
    [{ 'if-modified-since': at }, 'not-modified'],
    [{ 'if-modified-since': after }, 'not-modified'],
    [{ 'if-modified-since': before }, 'go-on'],
    [{ 'if-modified-since': 'yesterday' }, 'go-on'],
    [{ 'if-unmodified-since': before }, 'failed'],
    [{ 'if-unmodified-since': at }, 'go-on'],
    [{ 'if-unmodified-since': 'yesterday' }, 'go-on'],
    // A tag, where there is one, takes the place of the date.
    [{ 'if-none-match': '"x"', 'if-modified-since': at }, 'go-on'],
    [{ 'if-match': '"sha256-abc"', 'if-unmodified-since': before }, 'go-on'],
    [{ 'if-match': '"x"', 'if-none-match': '"sha256-abc"' }, 'failed'],
  ] as const)('[DLV3] %j is judged %s', (headers, verdict) => {
    expect(judge(asked(headers), validators)).toBe(verdict);
  });

  test.each([
    [{}, true],
    [{ 'if-range': '"sha256-abc"' }, true],
    [{ 'if-range': 'W/"sha256-abc"' }, false],
    [{ 'if-range': '"x"' }, false],
    [{ 'if-range': at }, true],
    [{ 'if-range': after }, false],
    [{ 'if-range': before }, false],
    [{ 'if-range': 'sha256-abc' }, false],
  ] as const)('[DLV4] with %j that a range counts is %s', (headers, counts) => {
    expect(rangeCounts(asked(headers), validators)).toBe(counts);
  });
});

describe('ranges', () => {
  test.each([
    [null, 10, 'whole'],
    ['bytes=0-0', 10, { first: 0, last: 0 }],
    ['bytes=0-', 10, { first: 0, last: 9 }],
    ['bytes=3-5', 10, { first: 3, last: 5 }],
    ['bytes=3-500', 10, { first: 3, last: 9 }],
    ['bytes=9-', 10, { first: 9, last: 9 }],
    ['bytes=-3', 10, { first: 7, last: 9 }],
    ['bytes=-300', 10, { first: 0, last: 9 }],
    ['BYTES=1-2', 10, { first: 1, last: 2 }],
    ['bytes=10-', 10, null],
    ['bytes=10-20', 10, null],
    ['bytes=-0', 10, null],
    ['bytes=0-', 0, null],
    ['bytes=-5', 0, null],
    ['bytes=5-3', 10, 'whole'],
    ['bytes=0-1,3-4', 10, 'whole'],
    ['bytes=-', 10, 'whole'],
    ['bytes=a-b', 10, 'whole'],
    ['bytes=1-2x', 10, 'whole'],
    ['chars=0-1', 10, 'whole'],
    ['', 10, 'whole'],
    ['bytes=999999999999999999-', 10, 'whole'],
  ] as const)('[DLV2] %j of %s bytes is %j', (header, size, selection) => {
    expect(selectionOf(header, size)).toEqual(selection);
  });
});
