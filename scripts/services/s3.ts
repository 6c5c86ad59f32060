/** The signed S3 requests that `services` makes itself: look whether a bucket can be used, and make it. */
import { createHash, createHmac } from 'node:crypto';
import { Problem } from './problem.ts';

export interface S3Login {
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
}

const REGION = 'us-east-1';
const TIMEOUT_MS = 30_000;
const EMPTY_HASH = createHash('sha256').update('').digest('hex');

/** Makes the bucket, unless it is there. */
export async function makeBucket(login: S3Login, bucket: string): Promise<void> {
  await demand(login, 'PUT', `/${bucket}`, [200, 409]);
}

export async function probeBucket(login: S3Login, bucket: string): Promise<void> {
  await demand(login, 'HEAD', `/${bucket}`, [200]);
}

async function demand(login: S3Login, method: string, path: string, wanted: readonly number[]): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${login.port}${path}`, {
    method,
    headers: signedHeaders(login, method, path, new Date()),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!wanted.includes(response.status)) throw new Problem(`S3: ${method} ${path} answered ${response.status} ${text}`);
}

/** AWS signature version 4 of a request without body and query. */
function signedHeaders(login: S3Login, method: string, path: string, at: Date): Record<string, string> {
  const time = at.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${REGION}/s3/aws4_request`;
  const signed = 'host;x-amz-content-sha256;x-amz-date';
  const headers = `host:127.0.0.1:${login.port}\nx-amz-content-sha256:${EMPTY_HASH}\nx-amz-date:${time}\n`;
  const request = [method, path, '', headers, signed, EMPTY_HASH].join('\n');
  const requestHash = createHash('sha256').update(request).digest('hex');
  const text = ['AWS4-HMAC-SHA256', time, scope, requestHash].join('\n');
  const first: string | Buffer = `AWS4${login.secretKey}`;
  const key = scope.split('/').reduce<string | Buffer>((secret, word) => hmac(secret, word), first);
  const signature = hmac(key, text).toString('hex');
  return {
    'x-amz-content-sha256': EMPTY_HASH,
    'x-amz-date': time,
    authorization: `AWS4-HMAC-SHA256 Credential=${login.accessKey}/${scope},SignedHeaders=${signed},Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
