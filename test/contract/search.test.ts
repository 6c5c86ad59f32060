/** The search indexes that need no server under the contract of the port. */
import { setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { SqliteSearch } from '../../src/storage/embedded/search/sqlite-search.ts';
import { TEST_MS } from '../support/wait.ts';
import { searchContract } from './search.ts';
import { tempDir } from './temp-dir.ts';

setDefaultTimeout(TEST_MS);

searchContract('embedded', () => {
  const dir = tempDir();
  return {
    open: () => new SqliteSearch(join(dir.path, 'search.db')),
    [Symbol.asyncDispose]: async () => dir[Symbol.dispose](),
  };
});
