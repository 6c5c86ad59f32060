import { expect, test } from 'bun:test';
import { StorageFault } from '../ports/faults.ts';
import {
  isConnectionLost,
  isDeadlock,
  isDuplicate,
  isLostToAnother,
  isReadOnly,
  mayHaveHappened,
  NotSent,
  sqlErrorOf,
  toStorageFault,
} from './faults.ts';

/** As the client library builds one from the server's answer. */
const server = (errno: number, message = 'something', sqlState = 'HY000'): Error =>
  Object.assign(new Error(message), {
    code: `ER_${errno}`,
    errno,
    sqlState,
    sqlMessage: message,
    sql: 'SELECT secret',
  });
const network = (code: string): Error => Object.assign(new Error(code), { code, errno: -111, fatal: true });

const codeOf = (error: Error): unknown => {
  const fault = toStorageFault(error, 'x');
  return fault instanceof StorageFault ? fault.code : 'defect';
};

test('[SQL9] a server that is away, full, too slow, read-only or closed to us is unavailable', () => {
  for (const errno of [1021, 1040, 1045, 1049, 1053, 1203, 1205, 1213, 1290, 1317, 1836, 1927, 1969, 3024]) {
    expect([errno, codeOf(server(errno))]).toEqual([errno, 'unavailable']);
  }
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EPIPE', 'PROTOCOL_CONNECTION_LOST']) {
    expect([code, codeOf(network(code))]).toEqual([code, 'unavailable']);
  }
  // Before the login the server names no state.
  expect(codeOf(server(1040, 'Too many connections', ''))).toBe('unavailable');
  expect(
    codeOf(Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true })),
  ).toBe('unavailable');
});

test('[SQL6] what breaks a rule of the tables is refused, and what cannot be read is corrupt', () => {
  for (const errno of [1048, 1062, 1153, 1264, 1366, 1406, 1451, 1452, 3819, 4025]) {
    expect([errno, codeOf(server(errno))]).toEqual([errno, 'refused']);
  }
  for (const errno of [1034, 1194, 1712]) expect([errno, codeOf(server(errno))]).toEqual([errno, 'corrupt']);
});

test('[SQL6] a defect passes: unchanged where it is ours, without its statement where the server tells of it', () => {
  const defect = new TypeError('a defect');
  expect(toStorageFault(defect, 'x')).toBe(defect);
  const fault = new StorageFault('corrupt', 'already a fault');
  expect(toStorageFault(fault, 'x')).toBe(fault);
  const syntax = toStorageFault(server(1064, "You have an error near 'secret' at line 1"), 'x');
  expect(syntax).not.toBeInstanceOf(StorageFault);
  expect(syntax).toMatchObject({ errno: 1064 });
  expect(Bun.inspect(syntax)).not.toContain('secret');
});

test('[SQL6] a duplicate names its key in both dialects and never its value', () => {
  for (const key of ["'username'", "'users.username'"]) {
    const fault = toStorageFault(server(1062, `Duplicate entry 'it's a secret' for key ${key}`, '23000'), 'x');
    expect([isDuplicate(fault, 'username'), isDuplicate(fault, 'PRIMARY')]).toEqual([true, false]);
    expect(sqlErrorOf(fault)).toMatchObject({ code: 'ER_1062', errno: 1062, sqlState: '23000', key: 'username' });
    expect(Bun.inspect(fault)).not.toContain('secret');
  }
  const cut = toStorageFault(server(1062, "Duplicate entry 'secret' for k"), 'x');
  expect(Bun.inspect(cut)).not.toContain('secret');
});

test('[SQL5] deadlocks, lock waits, read-only servers and lost connections are told apart', () => {
  const kinds = (error: Error): readonly boolean[] =>
    [isDeadlock, isLostToAnother, isReadOnly, isConnectionLost].map((is) => is(toStorageFault(error, 'x')));
  expect(kinds(server(1213))).toEqual([true, true, false, false]);
  expect(kinds(server(1205))).toEqual([false, true, false, false]);
  expect(kinds(server(1290))).toEqual([false, false, true, false]);
  expect(kinds(server(1927))).toEqual([false, false, false, true]);
  expect(kinds(network('ECONNRESET'))).toEqual([false, false, false, true]);
  expect(kinds(server(1062))).toEqual([false, false, false, false]);
});

test('[SQL15] a write may have happened where its answer did not come, and not where it was refused or never sent', () => {
  const happened = (error: Error): boolean => mayHaveHappened(toStorageFault(error, 'x'));
  expect([network('ECONNRESET'), server(1180), server(1317), new TypeError('a defect')].map(happened)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([server(1062), server(1213), server(1205), server(1290)].map(happened)).toEqual([false, false, false, false]);
  const refused = new NotSent(toStorageFault(network('ECONNREFUSED'), 'x') as StorageFault);
  expect([mayHaveHappened(refused), refused.code, sqlErrorOf(refused)?.code]).toEqual([
    false,
    'unavailable',
    'ECONNREFUSED',
  ]);
});
