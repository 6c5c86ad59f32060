/** Everything under `/v1/files` that is not bytes. */
import type { Elysia } from 'elysia';
import type { Shard } from '../../runtime/shard.ts';
import { Bearers } from '../bearers.ts';
import { fileRecordsDoor } from '../file-records.ts';
import { driveRoutes } from './drive-routes.ts';

export interface FileRoutesOptions {
  readonly shard: Shard;
  readonly hashToken: (token: string) => string;
  readonly quotaBytes: number;
}

export function fileRoutes<App extends Elysia>(app: App, { shard, hashToken, quotaBytes }: FileRoutesOptions): App {
  const bearers = new Bearers({ shard, hashToken });
  const records = fileRecordsDoor(shard);
  const wallMs = (): number => shard.host.wallMs();
  driveRoutes(app, { bearers, records, wallMs, quotaBytes });
  return app;
}
