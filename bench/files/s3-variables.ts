/** Where the object store is: by the variables, else by `npm run services`. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lib/environment.ts';

export interface S3Variables {
  readonly url: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export function s3Variables(): S3Variables | undefined {
  const variables = process.env.MAILROOM_S3_URL === undefined ? ofServices() : process.env;
  const { MAILROOM_S3_URL: url, MAILROOM_S3_BUCKET: bucket } = variables;
  const { MAILROOM_S3_ACCESS_KEY: accessKey, MAILROOM_S3_SECRET_KEY: secretKey } = variables;
  const isWhole = url !== undefined && bucket !== undefined && accessKey !== undefined && secretKey !== undefined;
  return isWhole ? { url, bucket, accessKey, secretKey } : undefined;
}

function ofServices(): Readonly<Record<string, string | undefined>> {
  if (!existsSync(join(ROOT, '.services'))) return {};
  const args = [join(ROOT, 'scripts/services.ts'), 'env', '--json'];
  const { stdout, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout) : {};
}
