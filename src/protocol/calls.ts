/** From the params of a stranger to a typed call. */

import { PARAM_CHECKS } from './checks.generated.ts';
import { type Fault, fault } from './faults.ts';
import type { Method, ParamsOf } from './types.ts';

/** A call whose params are what the method takes. `method` tells the variants apart. */
export type CheckedCall = { readonly [M in Method]: { readonly method: M; readonly params: ParamsOf<M> } }[Method];

export type CallCheck =
  | { readonly ok: true; readonly call: CheckedCall }
  | { readonly ok: false; readonly fault: Fault };

/**
 * Checks a call as it was read: `unsupported` for a method that is unknown, `invalid` or `too_large` for params that are not
 * what it takes. Keys that the method does not know are left in and mean nothing.
 */
export function checkCall(method: string, params: unknown): CallCheck {
  if (!isMethod(method)) return { ok: false, fault: UNSUPPORTED };
  const problem = PARAM_CHECKS[method](params);
  if (problem) return { ok: false, fault: problem };
  return { ok: true, call: { method, params } as CheckedCall };
}

/** Whether the wire knows a method of this name. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(PARAM_CHECKS, name);
}

const UNSUPPORTED: Fault = Object.freeze(fault('unsupported', 'there is no such method'));
