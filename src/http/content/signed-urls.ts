/**
 * Signed addresses of contents, for what cannot send a header: pictures and films of a page, and caches on the way.
 *
 * An address says which file and content it is for, under which name, and until when; the signature covers all of it. It
 * is the same for everybody within a period, so that a cache holds one copy. It goes on working until it expires, whatever
 * becomes of its maker's rights: it is a key that can be handed on.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed address grants. */
export interface SignedGrant {
  readonly file: string;
  /** Hex SHA-256 of the content. */
  readonly hash: string;
  readonly name: string;
  readonly disposition: 'inline' | 'attachment';
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export const URL_PERIOD_MS = 3_600_000;
const PURPOSE = 'mailroom content url 1';
const MAX_NAME_CHARACTERS = 1_024;

/** The end of the period after the current one: an address is good for one to two periods. */
export function expiryAt(nowMs: number): number {
  return (Math.floor(nowMs / URL_PERIOD_MS) + 2) * URL_PERIOD_MS;
}

/** Path and query. */
export function signedPath(secret: Uint8Array, grant: SignedGrant): string {
  const { file, hash, name, disposition, expiresAt } = grant;
  const query = new URLSearchParams({
    content: Buffer.from(hash, 'hex').toString('base64url'),
    name,
    disposition,
    expires: String(Math.floor(expiresAt / 1_000)),
    signature: signatureOf(secret, grant).toString('base64url'),
  });
  return `/v1/files/${encodeURIComponent(file)}/content?${query}`;
}

/** The grant of a signed address; `expired`, or `forged` for whatever was not signed here. */
export function grantOf(
  secret: Uint8Array,
  file: string,
  query: URLSearchParams,
  nowMs: number,
): SignedGrant | 'expired' | 'forged' {
  const expires = query.get('expires') ?? '';
  const name = query.get('name') ?? '';
  const disposition: SignedGrant['disposition'] = query.get('disposition') === 'inline' ? 'inline' : 'attachment';
  const hash = Buffer.from(query.get('content') ?? '', 'base64url').toString('hex');
  const isShaped = /^\d{1,12}$/.test(expires) && /^[0-9a-f]{64}$/.test(hash) && name.length <= MAX_NAME_CHARACTERS;
  if (!isShaped) return 'forged';
  const grant = { file, hash, name, disposition, expiresAt: Number(expires) * 1_000 };
  const given = Buffer.from(query.get('signature') ?? '', 'base64url');
  const right = signatureOf(secret, grant);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return 'forged';
  return grant.expiresAt > nowMs ? grant : 'expired';
}

function signatureOf(secret: Uint8Array, { file, hash, name, disposition, expiresAt }: SignedGrant): Buffer {
  const covered = [PURPOSE, file, hash, name, disposition, Math.floor(expiresAt / 1_000)];
  return createHmac('sha256', secret).update(JSON.stringify(covered)).digest();
}
