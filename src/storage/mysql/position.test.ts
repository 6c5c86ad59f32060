import { expect, test } from 'bun:test';
import { formatPosition, hasReached, latestOf, NOWHERE, parsePosition } from './position.ts';

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const OTHER = '4e11fa47-71ca-11e1-9e33-c80aa9429562';

test('[SQL14] GTIDs of MariaDB compare by domain, whichever server wrote them', () => {
  const want = parsePosition('0-1-9,3-1-2');
  expect(hasReached(parsePosition('0-2-10,3-1-2'), want)).toBe(true);
  expect(hasReached(parsePosition('0-1-9'), want)).toBe(false);
  expect(hasReached(parsePosition('0-1-8,3-1-2'), want)).toBe(false);
  expect(hasReached(parsePosition('0-1-18446744073709551615,3-9-99'), want)).toBe(true);
});

test('[SQL14] GTIDs of MySQL compare by the highest number of each server, tags and all', () => {
  const have = parsePosition(`${UUID.toUpperCase()}:1-5:8-11,\n${OTHER}:7,${UUID}:tag:1-2`);
  expect(hasReached(have, parsePosition(`${UUID}:11`))).toBe(true);
  expect(hasReached(have, parsePosition(`${UUID}:12`))).toBe(false);
  expect(hasReached(have, parsePosition(`${OTHER}:1-7,${UUID}:tag:2`))).toBe(true);
  expect(hasReached(have, parsePosition(`${UUID}:tag:3`))).toBe(false);
  expect(formatPosition(parsePosition(`${UUID}:1-5:8-11`))).toBe(`${UUID}:11`);
});

test('[SQL14] nothing is reached from nowhere but nowhere', () => {
  expect(parsePosition('')).toEqual(NOWHERE);
  expect(hasReached(NOWHERE, parsePosition('0-1-1'))).toBe(false);
  expect(hasReached(NOWHERE, NOWHERE)).toBe(true);
});

test('[SQL14] the latest of several positions is the highest of each source', () => {
  const latest = latestOf(['0-1-5,1-1-1', '0-2-7', '1-1-3', ''].map(parsePosition));
  expect(formatPosition(latest)).toBe('0-2-7,1-1-3');
});

test('[SQL14] what is no GTID is refused', () => {
  for (const text of ['0-1', 'x', `${UUID}`, `${UUID}:`, '0-1-x', 'binlog.000001:4']) {
    expect(() => parsePosition(text)).toThrow(RangeError);
  }
});
