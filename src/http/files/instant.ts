/**
 * Instant upload: who proves to have a content that is known gets a file of it without sending it.
 *
 * A hash alone gives nothing. Whether a content is known does not show before a right proof: both answers have the same form
 * up to there, and leave at the same time after the proof has come, whatever was to be read meanwhile.
 */

import { checkedFileName } from '../../actors/files/file-name.ts';
import { CHALLENGE_MS, type Challenge, instantKind } from '../../actors/files/instant.ts';
import { possessionKind } from '../../actors/files/possession.ts';
import { fault } from '../../protocol/faults.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { Finished } from '../../storage/ports/file-records.ts';
import { json } from '../answers.ts';
import type { Bearers } from '../bearers.ts';
import type { FileRecordsDoor } from '../file-records.ts';
import { problem } from '../problem.ts';
import { fileJson } from './shapes.ts';

export interface InstantUploadsOptions {
  readonly shard: Shard;
  readonly bearers: Bearers;
  readonly records: FileRecordsDoor;
  readonly quotaBytes: number;
  readonly scope: 'all' | 'user' | 'off';
  /** From a source that nobody can foresee. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly chooseRanges: (size: number) => Challenge['ranges'];
  /** Milliseconds to wait before an address may ask again, or 0. */
  readonly mayTry: (request: Request) => number;
}

export interface InstantRequest {
  readonly name: string;
  readonly size: number;
  readonly sha256: string;
}

const MIN_BYTES = 2 ** 20;
/** Between the proof and its answer. A content that takes longer to read counts as unknown. */
const FLOOR_MS = 100;
const DEADLINE_MS = 5_000;
const ID_BYTES = 18;
const NONCE_BYTES = 32;

const UPLOAD_IT = fault('not_found', 'upload the content');
const BAD_NAME = fault('invalid', 'name: 1 to 255 characters on one line, without slashes');
export const OVER_QUOTA = fault('too_large', 'there is no room for it in the quota');

export class InstantUploads {
  readonly #options: InstantUploadsOptions;

  constructor(options: InstantUploadsOptions) {
    this.#options = options;
  }

  begin(request: Request, { name, size, sha256 }: InstantRequest): Promise<Response> {
    const { bearers, scope, mayTry } = this.#options;
    return bearers.withToken(request, async ({ identity }) => {
      const waitMs = mayTry(request);
      if (waitMs > 0) return tooFast(waitMs);
      const checked = checkedFileName(name);
      if (checked === undefined) return problem(BAD_NAME);
      if (scope === 'off') return problem(UPLOAD_IT);
      const wanted = { name: checked, size, hash: sha256 };
      const had = await this.#had(identity.user.id, wanted);
      if (had !== undefined) return had;
      return size < MIN_BYTES ? problem(UPLOAD_IT) : await this.#challenge(identity.user.id, wanted);
    });
  }

  prove(request: Request, id: string, proof: string): Promise<Response> {
    const { bearers, shard } = this.#options;
    return bearers.withToken(request, async ({ identity }) => {
      const user = identity.user.id;
      const floor = new Promise<undefined>((resolve) => {
        shard.host.setTimer(FLOOR_MS, () => resolve(undefined));
      });
      const proven = await Promise.race([this.#proven(user, id, proof), floor]);
      await floor;
      return proven === undefined ? problem(UPLOAD_IT) : this.#answer(await this.#adopt(user, proven));
    });
  }

  /** The answer where the user has the content already, out of the trash or in it. */
  async #had(user: string, wanted: Pick<Challenge, 'name' | 'size' | 'hash'>): Promise<Response | undefined> {
    const own = await this.#options.records('fileByHash', user, wanted.hash);
    if (!own.ok) return problem(own.fault);
    if (own.value === null || own.value.size !== wanted.size) return undefined;
    return this.#answer(await this.#adopt(user, wanted));
  }

  async #challenge(user: string, wanted: Pick<Challenge, 'name' | 'size' | 'hash'>): Promise<Response> {
    const { shard, randomBytes, chooseRanges } = this.#options;
    const id = Buffer.from(randomBytes(ID_BYTES)).toString('base64url');
    const nonce = randomBytes(NONCE_BYTES);
    const ranges = chooseRanges(wanted.size);
    const challenge = { ...wanted, id, nonce, ranges };
    const kept = await shard.ask(shard.ref(instantKind, user), { type: 'keep', challenge }, DEADLINE_MS);
    if (!kept.ok) return problem(kept.fault);
    if (kept.value > 0) return tooFast(kept.value);
    const expiresAt = shard.host.wallMs() + CHALLENGE_MS;
    return json(200, { challenge: { id, nonce: Buffer.from(nonce).toString('base64'), ranges, expiresAt } });
  }

  /** The challenge, where its content is known here and the proof is right; undefined in every other case. */
  async #proven(user: string, id: string, proof: string): Promise<Challenge | undefined> {
    const { shard, records, scope } = this.#options;
    const taken = await shard.ask(shard.ref(instantKind, user), { type: 'take', challenge: id }, DEADLINE_MS);
    if (!taken.ok || taken.value === null || scope !== 'all') return undefined;
    const challenge = taken.value;
    const content = await records('content', challenge.hash);
    if (!content.ok || content.value === null) return undefined;
    const { status, size, address } = content.value;
    if (status === 'deleting' || size !== challenge.size) return undefined;
    const claim = { address, challenge: id, nonce: challenge.nonce, ranges: challenge.ranges, proof };
    const ask = { type: 'holds', args: [claim] } as const;
    const holds = await shard.ask(shard.ref(possessionKind, 'all'), ask, DEADLINE_MS);
    return holds.ok && holds.value === true ? challenge : undefined;
  }

  #adopt(
    user: string,
    { hash, size, name }: Pick<Challenge, 'name' | 'size' | 'hash'>,
  ): Promise<Reply<Finished | 'absent' | 'over-quota'>> {
    const { shard, records, quotaBytes } = this.#options;
    const { host } = shard;
    const userFileId = host.newId();
    return records('adopt', { user, hash, size, userFileId, name, at: host.wallMs(), quotaBytes });
  }

  #answer(reply: Reply<Finished | 'absent' | 'over-quota'>): Response {
    if (!reply.ok) return problem(reply.fault);
    if (reply.value === 'absent') return problem(UPLOAD_IT);
    if (reply.value === 'over-quota') return problem(OVER_QUOTA);
    return json(201, { file: fileJson(reply.value.file) });
  }
}

function tooFast(waitMs: number): Response {
  return problem(fault('rate_limited', 'too many tries', waitMs));
}
