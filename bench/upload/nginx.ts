/** nginx that takes PUTs (WebDAV) into a directory, as the cheapest way to put bytes on a disk over HTTP. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { cpuSeconds } from '../lib/process.ts';

const BINARY = '/usr/sbin/nginx';
const START_MS = 10_000;

export interface Nginx extends AsyncDisposable {
  readonly url: string;
  /** Of master and worker. */
  cpuSeconds(): number;
}

export async function startNginx(directory: string): Promise<Nginx> {
  if (!existsSync(BINARY)) throw new Error('nginx is missing: apt-get install nginx');
  const port = await freePort();
  for (const name of ['files', 'temp']) mkdirSync(join(directory, name), { recursive: true, mode: 0o777 });
  const config = join(directory, 'nginx.conf');
  writeFileSync(config, configOf(directory, port));
  const child = Bun.spawn([BINARY, '-c', config, '-p', directory], { stdout: 'inherit', stderr: 'inherit' });
  await answering(`http://127.0.0.1:${port}/`);
  return {
    url: `http://127.0.0.1:${port}`,
    cpuSeconds: () => [child.pid, ...childrenOf(child.pid)].reduce((sum, pid) => sum + cpuSeconds(pid), 0),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
}

function configOf(directory: string, port: number): string {
  return `
user root; worker_processes 1; daemon off; pid ${directory}/nginx.pid; error_log stderr error;
events { worker_connections 64; }
http {
  access_log off; client_max_body_size 0; client_body_temp_path ${directory}/temp;
  server { listen 127.0.0.1:${port}; root ${directory}/files; location / { dav_methods PUT DELETE; } }
}
`;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
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
