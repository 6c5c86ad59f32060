/** Instant upload: who has the bytes gets the file, and who has only the hash learns nothing. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import { type Account, expectProblem, type HttpAnswer, http, newAccounts } from '../../support/http.ts';
import { type PlantedFile, plantFile } from '../../support/planted-files.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { TEST_MS } from '../../support/wait.ts';

setDefaultTimeout(TEST_MS);

interface Challenge {
  readonly id: string;
  readonly nonce: string;
  readonly ranges: readonly { readonly offset: number; readonly length: number }[];
  readonly expiresAt: number;
}

const SIZE = 3 * 2 ** 20;

describe('instant upload', () => {
  let server: TestServer;
  let ann: Account;
  let bob: Account;
  let eve: Account;
  let known: PlantedFile;

  beforeAll(async () => {
    server = await startServer();
    [ann, bob, eve] = await newAccounts(server.url, ['ann', 'bob', 'eve']);
    known = await plantFile(server.dataDir, ann.id, 'film.mp4', randomBytes(SIZE), 'video/mp4');
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const begin = (user: Account, sha256: string, size = SIZE, name = 'mine.mp4'): Promise<HttpAnswer> =>
    http(server.url, 'POST', '/v1/files/instant', { token: user.token, body: { name, size, sha256 } });
  const challengeFor = async (user: Account, sha256: string, size = SIZE): Promise<Challenge> => {
    const answer = await begin(user, sha256, size);
    expect(answer.status).toBe(200);
    return answer.json.challenge;
  };
  const prove = (user: Account, challenge: string, proof: string): Promise<HttpAnswer> =>
    http(server.url, 'POST', `/v1/files/instant/${challenge}`, { token: user.token, body: { proof } });
  /** As docs and contract say it, not as the server computes it. */
  const proofOf = ({ id, nonce, ranges }: Challenge, bytes: Uint8Array): string => {
    const pieces = ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length));
    const all = Buffer.concat([Buffer.from(id, 'ascii'), Buffer.from(nonce, 'base64'), ...pieces]);
    return createHash('sha256').update(all).digest('hex');
  };
  const unknownHash = (): string => randomBytes(32).toString('hex');
  const filesOf = async (user: Account): Promise<string[]> => {
    const { json } = await http(server.url, 'GET', '/v1/files', { token: user.token });
    return json.files.map(({ sha256 }: { sha256: string }) => sha256);
  };

  test('[INS2] who has the bytes of a known content gets a file of it without sending them, and then at once', async () => {
    const challenge = await challengeFor(bob, known.hash);
    expect(challenge.expiresAt).toBeGreaterThan(Date.now());
    const answer = await prove(bob, challenge.id, proofOf(challenge, known.bytes));
    expect(answer.status).toBe(201);
    expect(answer.json.file).toMatchObject({ name: 'mine.mp4', size: SIZE, sha256: known.hash, type: 'video/mp4' });
    const again = await begin(bob, known.hash, SIZE, 'another name');
    expect(again.status).toBe(201);
    expect(again.json.file).toEqual(answer.json.file);
    await http(server.url, 'DELETE', `/v1/files/${answer.json.file.id}`, { token: bob.token });
    const restored = await begin(bob, known.hash);
    expect(restored.status).toBe(201);
    expect(restored.json.file).toMatchObject({ id: answer.json.file.id, name: 'mine.mp4' });
  });

  test('[INS3] a hash alone gives nobody a file: guesses, the bytes of another content, and empty proofs are 404', async () => {
    const other = randomBytes(SIZE);
    for (const proof of [known.hash, unknownHash(), '0'.repeat(64)]) {
      const { id } = await challengeFor(eve, known.hash);
      expectProblem(await prove(eve, id, proof), 404, 'not_found');
    }
    const challenge = await challengeFor(eve, known.hash);
    expectProblem(await prove(eve, challenge.id, proofOf(challenge, other)), 404, 'not_found');
    // All but one byte in each range is not enough either.
    const almost = Buffer.from(known.bytes);
    const second = await challengeFor(eve, known.hash);
    const { offset } = second.ranges[7] ?? { offset: 0 };
    almost[offset] = (almost[offset] as number) ^ 1;
    expectProblem(await prove(eve, second.id, proofOf(second, almost)), 404, 'not_found');
    expect(await filesOf(eve)).toEqual([]);
  });

  test('[INS4] a challenge has one answer, its user, and its content: replays, other users and other sizes are 404', async () => {
    const [carl] = await newAccounts(server.url, ['carl']);
    const wrongFirst = await challengeFor(carl, known.hash);
    expectProblem(await prove(carl, wrongFirst.id, '0'.repeat(64)), 404, 'not_found');
    expectProblem(await prove(carl, wrongFirst.id, proofOf(wrongFirst, known.bytes)), 404, 'not_found');
    const relayed = await challengeFor(carl, known.hash);
    const proof = proofOf(relayed, known.bytes);
    expectProblem(await prove(eve, relayed.id, proof), 404, 'not_found');
    const another = await challengeFor(carl, known.hash);
    expectProblem(await prove(carl, another.id, proof), 404, 'not_found');
    const shorter = await challengeFor(carl, known.hash, SIZE - 1);
    expectProblem(await prove(carl, shorter.id, proofOf(shorter, known.bytes)), 404, 'not_found');
    expect(await filesOf(carl)).toEqual([]);
    expect((await prove(carl, relayed.id, proof)).status).toBe(201);
    expectProblem(await prove(carl, relayed.id, proof), 404, 'not_found');
  });

  test('[INS5] a known and an unknown content look the same up to a right proof: in form, and no answer before the floor', async () => {
    const shapes = new Map<string, unknown>();
    const soonest = new Map<string, number>();
    for (let round = 0; round < 8; round++) {
      for (const [what, hash] of [
        ['known', known.hash],
        ['unknown', unknownHash()],
      ] as const) {
        const challenge = await challengeFor(eve, hash);
        const sinceMs = performance.now();
        const { status, json } = await prove(eve, challenge.id, unknownHash());
        const tookMs = performance.now() - sinceMs;
        soonest.set(what, Math.min(tookMs, soonest.get(what) ?? tookMs));
        const { ranges, id, nonce } = challenge;
        const form = {
          keys: Object.keys(challenge),
          ranges: ranges.map(({ length }) => length),
          parts: ranges.map(
            ({ offset }, index) => Math.min(ranges.length - 1, Math.floor(offset / (SIZE / 20))) - index,
          ),
          lengths: [id.length, nonce.length],
          refusal: { status, json },
        };
        shapes.set(what, form);
      }
    }
    expect(shapes.get('known')).toEqual(shapes.get('unknown'));
    for (const what of ['known', 'unknown']) expect(soonest.get(what)).toBeGreaterThanOrEqual(100);
    expect(Math.abs((soonest.get('known') ?? 0) - (soonest.get('unknown') ?? 0))).toBeLessThan(20);
  });

  test('[INS6] small contents, bad hashes and bad names get no challenge, and no token none either', async () => {
    expectProblem(await begin(eve, known.hash, 2 ** 20 - 1), 404, 'not_found');
    for (const sha256 of ['', known.hash.toUpperCase(), known.hash.slice(1), `${known.hash}0`]) {
      expectProblem(await begin(eve, sha256), 400, 'invalid');
    }
    expectProblem(await begin(eve, known.hash, -1), 400, 'invalid');
    expectProblem(await begin(eve, known.hash, SIZE, 'a/b'), 400, 'invalid');
    const body = { name: 'x', size: SIZE, sha256: known.hash };
    expectProblem(await http(server.url, 'POST', '/v1/files/instant', { body }), 401, 'unauthenticated');
    expectProblem(await prove(eve, 'nonsense', known.hash), 404, 'not_found');
    expectProblem(await prove(eve, 'nonsense', 'x'), 400, 'invalid');
  });
});

test('[INS7] the scope decides whose contents are found, without showing; the rate of a user is bounded; a quota holds', async () => {
  for (const scope of ['user', 'off', 'all'] as const) {
    await using server = await startServer({
      env: { MAILROOM_INSTANT_SCOPE: scope, MAILROOM_RATE_LIMIT: 'on', MAILROOM_QUOTA: '1MiB' },
    });
    const [ann, bob] = await newAccounts(server.url, ['ann', 'bob']);
    const bytes = randomBytes(SIZE);
    const { hash } = await plantFile(server.dataDir, ann.id, 'film.mp4', bytes);
    const begin = (user: Account): Promise<HttpAnswer> =>
      http(server.url, 'POST', '/v1/files/instant', {
        token: user.token,
        body: { name: 'film.mp4', size: SIZE, sha256: hash },
      });
    if (scope === 'off') {
      for (const user of [ann, bob]) expectProblem(await begin(user), 404, 'not_found');
      continue;
    }
    expect((await begin(ann)).status).toBe(201);
    const { id, nonce, ranges } = (await begin(bob)).json.challenge as Challenge;
    const pieces = ranges.map(({ offset, length }) => bytes.subarray(offset, offset + length));
    const all = Buffer.concat([Buffer.from(id), Buffer.from(nonce, 'base64'), ...pieces]);
    const proof = createHash('sha256').update(all).digest('hex');
    const answer = await http(server.url, 'POST', `/v1/files/instant/${id}`, { token: bob.token, body: { proof } });
    if (scope === 'user') expectProblem(answer, 404, 'not_found');
    else expectProblem(answer, 413, 'too_large');
    const many = await Promise.all(Array.from({ length: 70 }, () => begin(bob)));
    const refused = many.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(5);
    expect(refused[0]?.json.retryAfter).toBePositive();
  }
});
