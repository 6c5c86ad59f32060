import { describe, expect, test } from 'bun:test';
import { Accounts } from './accounts.ts';
import type { Fetch } from './http.ts';

type Sent = { url: string } & Parameters<Fetch>[1];

function answering(status: number, body: string) {
  const sent: Sent[] = [];
  const fetch: Fetch = (url, init) => {
    sent.push({ url, ...init });
    return Promise.resolve({ ok: status < 300, status, text: () => Promise.resolve(body) });
  };
  return { sent, accounts: new Accounts('http://host:1/', fetch) };
}

describe('accounts', () => {
  test('[CLI51] each call goes to its route, with the token where there is one', async () => {
    const { sent, accounts } = answering(200, '{"token":"t2","expiresAt":5,"user":{"id":"u","username":"ann"}}');
    await accounts.register('ann', 'secret');
    await accounts.login('ann', 'secret', 'phone');
    await accounts.me('t');
    await accounts.changePassword('t', 'old', 'new');
    expect(await accounts.renew('t')).toMatchObject({ token: 't2', expiresAt: 5 });
    await accounts.deleteAccount('t', 'secret');
    expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', 'http://host:1/v1/register', '{"username":"ann","password":"secret"}'],
      ['POST', 'http://host:1/v1/login', '{"username":"ann","password":"secret","device":"phone"}'],
      ['GET', 'http://host:1/v1/me', undefined],
      ['POST', 'http://host:1/v1/password', '{"old":"old","new":"new"}'],
      ['POST', 'http://host:1/v1/token', undefined],
      ['DELETE', 'http://host:1/v1/me', '{"password":"secret"}'],
    ]);
    expect(sent.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
      'Bearer t',
      'Bearer t',
      'Bearer t',
      'Bearer t',
    ]);
  });

  test('[CLI51] an answer without a body is fine', async () => {
    const { accounts } = answering(204, '');
    expect(await accounts.logout('t')).toBeUndefined();
  });

  test('[CLI52] a problem document gives its code, its detail and its wait', async () => {
    const { accounts } = answering(
      429,
      '{"title":"Too many","code":"rate_limited","detail":"slow down","retryAfter":900}',
    );
    const error = await accounts.login('ann', 'x').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'rate_limited', message: 'slow down', retryAfter: 900 });
  });

  test('[CLI52] an answer of a proxy goes by its status', async () => {
    const { accounts } = answering(502, '<html>Bad gateway</html>');
    const error = await accounts.me('t').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unavailable', message: 'the server answered 502' });
  });

  test('[CLI52] a server that cannot be reached is `unavailable`, with the cause kept', async () => {
    const cause = new TypeError('fetch failed');
    const accounts = new Accounts('http://host:1', () => Promise.reject(cause));
    const error = await accounts.me('t').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'unavailable', cause });
  });
});
