import { expect, test } from 'bun:test';
import { objectAddress, parseAddress, stagingAddress } from './file-address.ts';

test('[UPL1] an address says where the bytes are, and comes back as it was made', () => {
  expect(parseAddress(stagingAddress('node-1', 'abc_DEF'))).toEqual({
    where: 'staging',
    node: 'node-1',
    id: 'abc_DEF',
  });
  expect(parseAddress(objectAddress('o/ab/abcd.1'))).toEqual({ where: 'object', key: 'o/ab/abcd.1' });
});

test('[UPL1] what could leave its directory is no address', () => {
  expect(() => stagingAddress('..', 'a')).toThrow(RangeError);
  expect(() => stagingAddress('n', 'a/b')).toThrow(RangeError);
  expect(() => objectAddress('../a')).toThrow();
  for (const text of ['', 'staging:a', 'staging:a:b:c', 'staging:a:../b', 'object:', 'object:../x', 'file:///etc']) {
    expect(() => parseAddress(text)).toThrow();
  }
});
