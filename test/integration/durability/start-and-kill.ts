/** Starts that never come to their end. */
import { join } from 'node:path';

const MAIN = join(import.meta.dir, '../../../src/main.ts');

/** Starts the engine and kills it after so many milliseconds, whatever it is doing then. */
export async function startAndKill(dataDir: string, port: number, afterMs: number): Promise<void> {
  const flags = ['--data-dir', dataDir, '--port', String(port), '--threads', '2'];
  const child = Bun.spawn([process.execPath, MAIN, ...flags], { stdout: 'ignore', stderr: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await child.exited;
  clearTimeout(timer);
}
