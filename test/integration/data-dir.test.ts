/** One owner of the data, whatever becomes of it. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockDataDir } from '../../src/storage/embedded/data-dir.ts';
import { SegmentedLogWriter } from '../../src/storage/embedded/log/writer.ts';
import { SqliteRecords } from '../../src/storage/embedded/records/sqlite-records.ts';
import { SqliteMessageStoreWriter } from '../../src/storage/embedded/store/writer.ts';
import type { StorageFault } from '../../src/storage/ports/faults.ts';
import { faultFrom } from '../contract/fault-of.ts';
import { tempDir } from '../contract/temp-dir.ts';
import { TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const refusal = (path: string): Promise<StorageFault> => faultFrom(() => lockDataDir(path).release());

test('[DATA1] a second owner in the same process is refused with the name of the directory', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'data');
  const owner = lockDataDir(path);
  const fault = await refusal(path);
  expect(fault.code).toBe('unavailable');
  expect(fault.message).toBe(`the data directory ${path} is in use by another process`);
  owner.release();
  lockDataDir(path).release();
});

test('[DATA1] a second process is refused, and the lock is free once its owner was killed', async () => {
  using dir = tempDir();
  const path = join(dir.path, 'data');
  const child = spawn(process.execPath, [join(import.meta.dir, 'lock-child.ts'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout, 'data');
  expect(String(said)).toBe(`holds ${path}\n`);
  expect((await refusal(path)).message).toContain(path);
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  lockDataDir(path).release();
});

test("[DATA2] everything in the data directory is its user's alone", () => {
  using dir = tempDir();
  const paths = lockDataDir(join(dir.path, 'deep', 'data'));
  const log = new SegmentedLogWriter(paths.log);
  log.append([new Uint8Array(10)]);
  const store = new SqliteMessageStoreWriter(paths.messages);
  const records = new SqliteRecords(paths.records);
  const modes = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const full = join(path, entry.name);
      const mode = `${(statSync(full).mode & 0o777).toString(8)} ${entry.isDirectory() ? 'directory' : 'file'}`;
      return entry.isDirectory() ? [mode, ...modes(full)] : [mode];
    });
  const found = modes(join(dir.path, 'deep'));
  expect(found.length).toBeGreaterThan(8);
  expect(new Set(found)).toEqual(new Set(['700 directory', '600 file']));
  records.close();
  store.close();
  log.close();
  paths.release();
});

test('[DATA3] a directory that cannot be made is reported as unavailable, by name', async () => {
  const fault = await refusal('/proc/no-data-here');
  expect(fault.code).toBe('unavailable');
  expect(fault.message).toContain('/proc/no-data-here');
});
