/** Takes a data directory, forgets what it got, says so, and stays until it is killed. */
import { writeSync } from 'node:fs';
import { lockDataDir } from '../../src/storage/embedded/data-dir.ts';

const lockAndForget = (path: string): string => lockDataDir(path).path;

const held = lockAndForget(process.argv[2] ?? '');
// The lock must not go with the objects that stand for it.
await new Promise((resolve) => setImmediate(resolve));
Bun.gc(true);
writeSync(1, `holds ${held}\n`);
process.stdin.resume();
