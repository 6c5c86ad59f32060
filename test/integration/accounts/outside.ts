/** Tokens that die in the records by another process' hand, while an engine has sockets open on them. */
import { expect } from 'bun:test';
import { secrets } from '../../../src/app/secrets.ts';
import { CLOSE } from '../../../src/protocol/close-codes.ts';
import type { Records } from '../../../src/storage/ports/records.ts';
import { expectProblem, http, logIn, newAccount } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { openOnEveryThread } from '../../support/threads.ts';

/** Ways to end a token: each ends the one of `device`, and no other. */
const WAYS: Readonly<Record<string, (records: Records, token: DyingToken) => unknown>> = {
  'is deleted': (records, { userId, tokenHash }) => records.deleteToken(userId, tokenHash),
  'is renewed': (records, { userId, tokenHash }) =>
    records.renewToken(userId, tokenHash, secrets.hashToken(crypto.randomUUID()), Date.now() + 60_000),
  'is replaced': (records, { userId, username, device }) => {
    const tokenHash = secrets.hashToken(crypto.randomUUID());
    const createdAt = Date.now();
    return records.saveToken(
      { userId, username, device, tokenHash, createdAt, expiresAt: createdAt + 60_000 },
      'device',
      32,
    );
  },
  'ends with the password': (records, { userId, keep }) => records.changePassword(userId, 'no hash at all', keep),
};

export const WAYS_TO_DIE: readonly string[] = Object.keys(WAYS);

interface DyingToken {
  readonly userId: string;
  readonly username: string;
  readonly device: string;
  readonly tokenHash: string;
  /** Hash of the token that lives on. */
  readonly keep: string;
}

/** Expects that a token which dies in this way, written by `records`, is dead to the engine at `url`, and no other is. */
export async function expectDeathFromOutside(url: string, records: Records, way: string): Promise<void> {
  const username = `ann${crypto.randomUUID().slice(0, 8)}`;
  const { id: userId, token } = await newAccount(url, username, 'desk');
  const other = await logIn(url, username, 'phone');
  const desk = await openOnEveryThread(url, token);
  using phone = await RawClient.greet(url, other);
  const [tokenHash, keep] = [secrets.hashToken(token), secrets.hashToken(other)];
  await WAYS[way]?.(records, { userId, username, device: 'desk', tokenHash, keep });
  for (const client of desk) {
    expect(await client.closeCode()).toBe(CLOSE.revoked);
    expect(client.all('kicked')).toEqual([{ code: CLOSE.revoked, reason: expect.any(String) }]);
  }
  using late = await RawClient.open(url);
  expect((await late.refused('hello', { token })).code).toBe('unauthenticated');
  expectProblem(await http(url, 'GET', '/v1/me', { token }), 401, 'unauthenticated');
  expect(await phone.ok('ping', {})).toEqual({});
  expect((await http(url, 'GET', '/v1/me', { token: other })).status).toBe(200);
}
