/** nginx as a peer: one process that sends files with sendfile. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../test/support/free-port.ts';
import { UsageError } from '../lib/command.ts';

export interface RunningNginx extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Serves the files of a directory. */
export async function startNginx(directory: string): Promise<RunningNginx> {
  const binary = Bun.which('nginx');
  if (binary === null) throw new UsageError('nginx is needed: apt-get install nginx-light');
  const port = await freePort();
  const state = join(directory, 'nginx');
  mkdirSync(state, { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${state}/${name};`)
    .join(' ');
  const config = `daemon off; master_process off; pid ${state}/pid; error_log ${state}/errors;
    events { worker_connections 512; }
    http { ${temporary} access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
      server { listen 127.0.0.1:${port}; root ${directory}; } }\n`;
  writeFileSync(join(state, 'nginx.conf'), config);
  const child = Bun.spawn([binary, '-p', state, '-c', join(state, 'nginx.conf')], {
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    const isUp = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isUp) break;
    if (tries > 200 || child.exitCode !== null) throw new Error('nginx did not start');
    await Bun.sleep(20);
  }
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await child.exited;
    },
  };
}
