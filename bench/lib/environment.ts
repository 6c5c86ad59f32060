/** Where and with what a result came about. Every result carries it. */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dir, '../..');

export interface Environment {
  readonly commit: string;
  readonly bun: string;
  readonly elysia: string;
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
}

export async function environment(): Promise<Environment> {
  const git = (...words: string[]): string => spawnSync('git', words, { cwd: ROOT, encoding: 'utf8' }).stdout.trim();
  const changed = git('status', '--porcelain', '--', 'src').length > 0;
  const { dependencies } = (await Bun.file(join(ROOT, 'package.json')).json()) as {
    dependencies: Record<string, string>;
  };
  return {
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${changed ? '+changes' : ''}`,
    bun: Bun.version,
    elysia: dependencies.elysia ?? 'unknown',
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    kernel: spawnSync('uname', ['-r'], { encoding: 'utf8' }).stdout.trim(),
  };
}
