/** The servers under load, each in a fresh process: the engine and its peer. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startServer } from '../../test/support/server.ts';
import type { World } from './world.ts';

export type Target = 'mailroom' | 'raw';

export interface RunningTarget extends AsyncDisposable {
  readonly target: Target;
  readonly port: number;
  readonly pid: number;
}

/** The engine on its durable embedded storage, with `threads` shards, and without rate limits. */
export async function startMailroom(world: World, threads: number): Promise<RunningTarget> {
  const dataDir = world.dataDir();
  const server = await startServer({
    dataDir,
    env: {
      MAILROOM_THREADS: String(threads),
      MAILROOM_RATE_LIMIT: 'off',
      MAILROOM_MAX_SOCKETS_PER_USER: '100000',
      MAILROOM_LOG_LEVEL: 'warn',
    },
  });
  return {
    target: 'mailroom',
    port: Number(new URL(server.url).port),
    pid: server.pid,
    async [Symbol.asyncDispose]() {
      const errors = server.errors();
      await server.kill();
      rmSync(dataDir, { recursive: true, force: true });
      if (errors !== '') process.stderr.write(`the engine wrote:\n${errors}\n`);
    },
  };
}

/** `Bun.serve` with nothing around it, in `bench/peers/raw-bun.ts`. */
export async function startRawBun(): Promise<RunningTarget> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '../peers/raw-bun.ts')], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  if (!(port > 0)) throw new Error('the raw Bun server did not start');
  return {
    target: 'raw',
    port,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
