/**
 * What a link hands out to those who have opened it: short-lived, signed with the link's own secret, and worth nothing once
 * the link has ended, as every use looks it up.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ShareRecord } from '../../storage/ports/file-records.ts';

/** `open`: the password was right. `download`: a download was counted, and its other parts belong to it. */
export type LinkGrantPurpose = 'open' | 'download';

export const GRANT_MS: Readonly<Record<LinkGrantPurpose, number>> = { open: 600_000, download: 86_400_000 };

export function linkGrant(share: ShareRecord, purpose: LinkGrantPurpose, expiresAt: number): string {
  return `${expiresAt}.${signatureOf(share, purpose, expiresAt).toString('base64url')}`;
}

/** Whether it was given for this, by this link, and has not expired. */
export function isLinkGrant(share: ShareRecord, purpose: LinkGrantPurpose, grant: string, nowMs: number): boolean {
  const [, expires, signature] = /^(\d{1,15})\.([\w-]{43})$/.exec(grant) ?? [];
  if (expires === undefined || signature === undefined) return false;
  const given = Buffer.from(signature, 'base64url');
  const right = signatureOf(share, purpose, Number(expires));
  return given.length === right.length && timingSafeEqual(given, right) && Number(expires) > nowMs;
}

function signatureOf({ id, target }: ShareRecord, purpose: LinkGrantPurpose, expiresAt: number): Buffer {
  const secret = target.kind === 'link' ? target.secret : '';
  if (secret === '') throw new Error('only links have a secret to sign with');
  const covered = JSON.stringify(['mailroom link grant 1', purpose, id, expiresAt]);
  return createHmac('sha256', secret).update(covered).digest();
}
