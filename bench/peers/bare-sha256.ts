/** Reads a file once and hashes it, and nothing else: what a SHA-256 costs at least. Usage: bare-sha256.ts FILE */
import { closeSync, openSync, readSync } from 'node:fs';

const [path = ''] = process.argv.slice(2);
const hasher = new Bun.CryptoHasher('sha256');
const buffer = new Uint8Array(1024 * 1024);
const file = openSync(path, 'r');
const before = process.cpuUsage();
for (;;) {
  const read = readSync(file, buffer);
  if (read === 0) break;
  hasher.update(buffer.subarray(0, read));
}
hasher.digest('hex');
const { user, system } = process.cpuUsage(before);
closeSync(file);
process.stdout.write(`${(user + system) / 1_000_000}\n`);
