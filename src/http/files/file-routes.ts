/** Everything under `/v1/files` that is not bytes, and downloads into it. */
import type { Elysia } from 'elysia';
import type { Shard } from '../../runtime/shard.ts';
import { Bearers } from '../bearers.ts';
import type { ByteSource } from '../content/bytes.ts';
import { fileRecordsDoor } from '../file-records.ts';
import { peopleDoor } from '../people-door.ts';
import { downloadRoutes } from './download-routes.ts';
import { driveRoutes } from './drive-routes.ts';
import type { InstantUploadsOptions } from './instant.ts';
import { instantRoutes } from './instant-routes.ts';
import { linkRoutes } from './link-routes.ts';
import { shareRoutes } from './share-routes.ts';

export interface FileRoutesOptions {
  readonly shard: Shard;
  readonly hashToken: (token: string) => string;
  readonly quotaBytes: number;
  readonly instant: Pick<InstantUploadsOptions, 'scope' | 'chooseRanges'>;
  /** From a source that nobody can foresee. */
  readonly randomBytes: (length: number) => Uint8Array;
  readonly source: ByteSource;
  /** Where links lead to; undefined for wherever the request came to. */
  readonly publicUrl: string | undefined;
  readonly frameAncestors: readonly string[];
  /** Milliseconds to wait before an address may try again, or 0. */
  readonly mayTry: (request: Request) => number;
}

export function fileRoutes<App extends Elysia>(app: App, options: FileRoutesOptions): App {
  const { shard, hashToken, quotaBytes, instant, randomBytes, mayTry, source, publicUrl, frameAncestors } = options;
  const bearers = new Bearers({ shard, hashToken });
  const records = fileRecordsDoor(shard);
  const wallMs = (): number => shard.host.wallMs();
  instantRoutes(app, { shard, bearers, records, quotaBytes, randomBytes, mayTry, ...instant });
  downloadRoutes(app, { shard, bearers });
  const people = peopleDoor(shard);
  shareRoutes(app, { shard, bearers, records, people, hashToken, randomBytes, publicUrl, mayTry });
  linkRoutes(app, { shard, records, hashToken, source, frameAncestors, mayTry });
  driveRoutes(app, { bearers, records, wallMs, quotaBytes });
  return app;
}
