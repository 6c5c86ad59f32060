import { MailroomError } from './errors.ts';

/** The part of `fetch` that the client uses. */
export type Fetch = (
  url: string,
  init: { readonly method: string; readonly headers: Record<string, string>; readonly body?: string },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

/**
 * JSON over HTTP. What fails is a `MailroomError`: with the server's code where it answered with one, and `unavailable` where
 * it could not be reached.
 */
export class Http {
  readonly #url: string;
  readonly #fetch: Fetch;

  /** `url` is the address of the server, such as `https://chat.example.org`. */
  constructor(url: string, fetch: Fetch = (address, init) => globalThis.fetch(address, init)) {
    this.#url = url.replace(/\/+$/, '');
    this.#fetch = fetch;
  }

  async call<T>(method: string, path: string, body?: object, token?: string): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const { ok, status, text } = await this.#exchange(path, init);
    if (!ok) throw problem(status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async #exchange(path: string, init: Parameters<Fetch>[1]) {
    try {
      const response = await this.#fetch(this.#url + path, init);
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (cause) {
      const error = new MailroomError('unavailable', 'the server cannot be reached');
      error.cause = cause;
      throw error;
    }
  }
}

const codeOfStatus: Readonly<Record<number, string>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  422: 'invalid',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
};

/** An RFC 9457 problem document as an error; an answer that is none, as proxies send, goes by its status. */
function problem(status: number, text: string): MailroomError {
  const document = parseObject(text);
  const { code, detail, title, retryAfter } = document;
  const message = [detail, title].find((part) => typeof part === 'string') ?? `the server answered ${status}`;
  return new MailroomError(
    typeof code === 'string' ? code : (codeOfStatus[status] ?? 'internal'),
    message as string,
    typeof retryAfter === 'number' ? retryAfter : undefined,
  );
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
