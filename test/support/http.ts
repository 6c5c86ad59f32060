/** HTTP to a running engine: requests, accounts and problem documents. */
import { expect } from 'bun:test';
import type { FaultCode } from '../../src/protocol/faults.ts';
import { eventually, PATIENCE_MS } from './wait.ts';

export interface HttpCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON, or undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: what a server answers is looked into by the test's expectations.
  readonly json: any;
}

export async function http(url: string, method: string, path: string, call: HttpCall = {}): Promise<HttpAnswer> {
  const { token, body, headers } = call;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const PASSWORD = 'correct horse battery';

export interface Account {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

/** Registers and logs in. */
export async function newAccount(url: string, username: string, device = 'test'): Promise<Account> {
  const registered = await http(url, 'POST', '/v1/register', { body: { username, password: PASSWORD } });
  expect(registered.status).toBe(201);
  return { id: registered.json.user.id, username, token: await logIn(url, username, device) };
}

export async function newAccounts<const Names extends readonly string[]>(
  url: string,
  names: Names,
): Promise<{ readonly [I in keyof Names]: Account }> {
  return (await Promise.all(names.map((name) => newAccount(url, name)))) as never;
}

/** A new token of an existing account. */
export async function logIn(url: string, username: string, device = 'test'): Promise<string> {
  const answer = await http(url, 'POST', '/v1/login', { body: { username, password: PASSWORD, device } });
  expect(answer.status).toBe(200);
  return answer.json.token;
}

/** Expects a problem document as RFC 9457 has it, with this status and code. */
export function expectProblem(answer: HttpAnswer, status: number, code: FaultCode): void {
  expect({ status: answer.status, ...answer.json }).toMatchObject({ status, code });
  expect(answer.json.type).toBeString();
  expect(answer.headers.get('content-type')).toStartWith('application/problem+json');
  expect(answer.json.title).toBeString();
  expect(answer.json.detail).toBeString();
}

/** Resolves with what the engine says once it is ready. A thread that is late once makes it say otherwise for a moment. */
export async function ready(url: string): Promise<unknown> {
  const { json } = await eventually(
    'the engine to be ready',
    async () => {
      const { status, json } = await http(url, 'GET', '/readyz');
      return { status, json };
    },
    ({ status }) => status === 200,
  );
  return json;
}
