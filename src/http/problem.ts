/** Problem documents (RFC 9457): how HTTP says that something did not work. */

import { FAULTS, toWireFault } from '../protocol/faults.ts';

interface AnyFault {
  readonly code: string;
  readonly message: string;
  readonly retryAfter?: number;
}

/** The answer for a fault; `code` is stable, `detail` is for people. */
export function problem(from: AnyFault): Response {
  const fault = toWireFault(from);
  const status = FAULTS[fault.code].httpStatus;
  const body = {
    type: `urn:mailroom:problem:${fault.code}`,
    title: fault.code.replaceAll('_', ' '),
    status,
    detail: fault.message,
    code: fault.code,
    ...(fault.retryAfter === undefined ? {} : { retryAfter: fault.retryAfter }),
  };
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (fault.retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(fault.retryAfter / 1_000));
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(JSON.stringify(body), { status, headers });
}
