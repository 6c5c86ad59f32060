/** A Redis of one test's own, on a socket in a directory of its own: it may be stopped, killed and filled up. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { tempDir } from '../contract/temp-dir.ts';
import { eventually } from '../support/wait.ts';
import { PATIENT_MS } from './cache-redis.ts';

export interface OwnRedis extends AsyncDisposable {
  /** What a connection takes in the place of a URL. */
  readonly address: string;
  start(): Promise<void>;
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>;
}

/** Not started yet. `settings` are arguments of the server. */
export function ownRedis(settings: readonly string[] = []): OwnRedis {
  const dir = tempDir();
  const address = join(dir.path, 'redis.sock');
  let child: ChildProcess | undefined;
  const own: OwnRedis = {
    address,
    async start() {
      const args = ['--port', '0', '--unixsocket', address, '--dir', dir.path, '--save', '', ...settings];
      const server = spawn('redis-server', args, { stdio: 'ignore' });
      await once(server, 'spawn');
      child = server;
      await eventually('the server to listen', () => answers(address), Boolean, PATIENT_MS);
    },
    async kill(signal) {
      if (child === undefined || child.exitCode !== null) return;
      const gone = signal === 'SIGKILL' ? once(child, 'exit') : undefined;
      child.kill(signal);
      await gone;
      if (signal === 'SIGKILL') child = undefined;
    },
    async [Symbol.asyncDispose]() {
      await own.kill('SIGKILL');
      dir[Symbol.dispose]();
    },
  };
  return own;
}

async function answers(address: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: address, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
