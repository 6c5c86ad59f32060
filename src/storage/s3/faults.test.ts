import { expect, test } from 'bun:test';
import { StorageFault } from '../ports/faults.ts';
import { DeadlinePassed, meaningOf, toStorageFault } from './faults.ts';

function answer(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error('said the gateway'), { name, $metadata: { httpStatusCode } });
}

function connectionError(code: string): Error {
  return Object.assign(new Error('said the system'), { code });
}

test('[OBJ21] an error becomes a storage fault by one table, with what was being done and its cause', () => {
  const cases = [
    [answer('AccessDenied', 403), 'refused', false],
    [answer('SignatureDoesNotMatch', 403), 'refused', false],
    [answer('NoSuchBucket', 404), 'refused', false],
    [answer('InvalidPart', 400), 'refused', false],
    [answer('QuotaExceeded', 403), 'unavailable', false],
    [answer('NoSuchUpload', 404), 'unavailable', false],
    [answer('XAmzContentSHA256Mismatch', 400), 'unavailable', true],
    [answer('BadDigest', 400), 'unavailable', true],
    [answer('RequestTimeTooSkewed', 403), 'unavailable', true],
    [answer('SlowDown', 503), 'unavailable', true],
    [answer('InternalError', 500), 'unavailable', true],
    [answer('Unknown', 502), 'unavailable', true],
    [answer('TooManyRequests', 429), 'unavailable', true],
    [connectionError('ECONNREFUSED'), 'unavailable', true],
    [connectionError('ECONNRESET'), 'unavailable', true],
    [new DeadlinePassed(5), 'unavailable', true],
  ] as const;
  for (const [error, code, isPassing] of cases) {
    expect(meaningOf(error)).toEqual({ code, isPassing });
    const fault = toStorageFault(error, 'store object a');
    expect(fault).toBeInstanceOf(StorageFault);
    expect(fault).toMatchObject({ code, cause: error });
    expect((fault as Error).message).toStartWith('cannot store object a: ');
  }
});

test('[OBJ21] any other error is a defect and passes unchanged', () => {
  for (const error of [new TypeError('a defect'), answer('Odd', 302), connectionError('ERR_INVALID_ARG'), 'text']) {
    expect(meaningOf(error)).toBeNull();
    expect(toStorageFault(error, 'store object a')).toBe(error);
  }
});
