/** nginx that takes PUTs (WebDAV) into a directory, as the cheapest way to put bytes on a disk over HTTP. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';

const START_MS = 10_000;

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Installs it where that is possible; says so where it is missing after all. */
export function nginxIsThere(say: (line: string) => void): boolean {
  if (Bun.which('nginx') === null && process.getuid?.() === 0 && Bun.which('apt-get') !== null) {
    say('nginx is missing, and is installed with apt-get');
    const lists = spawnSync('apt-get', ['update'], { stdio: 'ignore' });
    if (lists.status === 0) {
      spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'nginx-light'], { stdio: 'ignore' });
    }
  }
  if (Bun.which('nginx') !== null) return true;
  say('nginx is missing: its figures are left out');
  return false;
}

export async function startNginx(directory: string): Promise<Nginx> {
  const binary = Bun.which('nginx');
  if (binary === null) throw new Error('nginx is missing');
  const port = await freePort();
  for (const name of ['files', 'temp']) mkdirSync(join(directory, name), { recursive: true, mode: 0o777 });
  const config = join(directory, 'nginx.conf');
  writeFileSync(config, configOf(directory, port));
  const child = Bun.spawn([binary, '-c', config, '-p', directory], { stdout: 'inherit', stderr: 'inherit' });
  await answering(`http://127.0.0.1:${port}/`);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
}

function configOf(directory: string, port: number): string {
  return `
user root; worker_processes 1; daemon off; pid ${directory}/nginx.pid; error_log stderr crit;
events { worker_connections 64; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path ${directory}/temp;
  server { listen 127.0.0.1:${port}; root ${directory}/files; location / { dav_methods PUT DELETE; } }
}
`;
}

async function answering(url: string): Promise<void> {
  const endMs = performance.now() + START_MS;
  for (;;) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await Bun.sleep(20);
    }
  }
}
