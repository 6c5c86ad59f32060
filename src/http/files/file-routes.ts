/** Everything under `/v1/files` that is not bytes, and downloads into it. */
import type { Elysia } from 'elysia';
import type { Shard } from '../../runtime/shard.ts';
import { Bearers } from '../bearers.ts';
import { fileRecordsDoor } from '../file-records.ts';
import { downloadRoutes } from './download-routes.ts';
import { driveRoutes } from './drive-routes.ts';
import type { InstantUploadsOptions } from './instant.ts';
import { instantRoutes } from './instant-routes.ts';

export interface FileRoutesOptions {
  readonly shard: Shard;
  readonly hashToken: (token: string) => string;
  readonly quotaBytes: number;
  readonly instant: Pick<InstantUploadsOptions, 'scope' | 'chooseRanges'>;
  /** From a source that nobody can foresee. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Milliseconds to wait before an address may try again, or 0. */
  readonly mayTry: (request: Request) => number;
}

export function fileRoutes<App extends Elysia>(app: App, options: FileRoutesOptions): App {
  const { shard, hashToken, quotaBytes, instant, randomBytes, mayTry } = options;
  const bearers = new Bearers({ shard, hashToken });
  const records = fileRecordsDoor(shard);
  const wallMs = (): number => shard.host.wallMs();
  instantRoutes(app, { shard, bearers, records, quotaBytes, randomBytes, mayTry, ...instant });
  downloadRoutes(app, { shard, bearers });
  driveRoutes(app, { bearers, records, wallMs, quotaBytes });
  return app;
}
