import { describe, expect, test } from 'bun:test';
import { CLOSE, reconnectsAfter } from './close-codes.ts';
import { FAULTS, fault, toWireFault } from './faults.ts';

describe('faults', () => {
  test('[WIRE24] the codes of the contract are all there, and no other', () => {
    const codes = ['invalid', 'unauthenticated', 'forbidden', 'not_found', 'conflict', 'too_large', 'rate_limited'];
    expect(Object.keys(FAULTS)).toEqual([...codes, 'overloaded', 'unavailable', 'unsupported', 'internal']);
  });

  test('[WIRE24] a fault of a code that the wire does not know goes out as internal, without its text', () => {
    const known = { code: 'overloaded', message: 'full', retryAfter: 200 };
    expect(toWireFault(known)).toEqual(fault('overloaded', 'full', 200));
    expect(toWireFault({ code: 'toString', message: 'at driver.ts:7' })).toEqual(
      fault('internal', 'the request failed'),
    );
  });

  test('[WIRE24] a fault without a time to wait has no such key', () => {
    expect(Object.keys(fault('invalid', 'x'))).toEqual(['code', 'message']);
  });
});

describe('close codes', () => {
  test('[WIRE25] a client comes back where it may meet a better end', () => {
    for (const code of [CLOSE.timedOut, CLOSE.tooFast, CLOSE.draining, 1000, 1001, 1006, 1011, 4599]) {
      expect(reconnectsAfter(code)).toBe(true);
    }
    for (const code of [CLOSE.malformed, CLOSE.unauthenticated, CLOSE.revoked, CLOSE.tooLarge, 4402, 4419]) {
      expect(reconnectsAfter(code)).toBe(false);
    }
  });
});
