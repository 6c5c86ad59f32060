/**
 * Signatures (AWS Signature Version 4) for requests whose body is part of a file: the client can only sign bytes that it
 * holds in memory, and sends them from there, at three times the cost.
 */
import { createHash, createHmac } from 'node:crypto';

export interface SignerOptions {
  /** Base address without the bucket. */
  readonly url: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** Signs a request; the signature covers the SHA-256 of the body, which the back end compares with what it gets. */
export function signed(
  { url: base, region, accessKey, secretKey }: SignerOptions,
  method: string,
  { path, query, bodySha256 }: { path: readonly string[]; query: Readonly<Record<string, string>>; bodySha256: string },
  nowMs: number,
): SignedRequest {
  const { host, pathname, origin } = new URL(base);
  const target = [pathname.replace(/\/$/, ''), ...path.map(escapedPath)].join('/');
  const search = Object.entries(query)
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&');
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const sent = { 'x-amz-content-sha256': bodySha256, 'x-amz-date': time };
  const covered = { host, ...sent };
  const names = Object.keys(covered).join(';');
  const lines = Object.entries(covered).map(([name, value]) => `${name}:${value}\n`);
  const canonical = [method, target, search, lines.join(''), names, bodySha256].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = [ALGORITHM, time, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(Buffer.from(`AWS4${secretKey}`), day));
  const signature = hmac(key, text).toString('hex');
  const authorization = `${ALGORITHM} Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { url: `${origin}${target}?${search}`, headers: { ...sent, authorization } };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function escapedPath(part: string): string {
  return part.split('/').map(escaped).join('/');
}

/** What the signature's rules leave as it is, is a little less than what JavaScript does. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
