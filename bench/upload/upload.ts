/**
 * What a large upload costs the server, beside nginx that only stores bytes, a bare SHA-256, and the reference server of
 * tus. All on one disk, in turn, one upload at a time; the client is a process of its own.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploaderOn } from '../../test/integration/uploads/uploader.ts';
import { startServer } from '../../test/support/server.ts';
import type { Bench } from '../lib/command.ts';
import { cpuSeconds, residentKb } from '../lib/process.ts';
import { startNginx } from './nginx.ts';

const MB = 1_000_000;

interface Source {
  readonly path: string;
  readonly bytes: number;
  /** Other content of the same size, so that nobody has it already. */
  renew(): void;
}

interface Cost {
  readonly cpu: number;
  readonly wallMs: number;
  readonly rssMb: number;
}

export const upload: Bench<{ megabytes: number; rounds: number }> = {
  does: "A large upload's CPU, beside nginx with a bare hash and beside @tus/server.",
  defaults: { megabytes: 1_000, rounds: 3 },
  help: { megabytes: 'size of the upload', rounds: 'uploads to each server' },
  async run({ megabytes, rounds }, say) {
    const directory = mkdtempSync(join(tmpdir(), 'mailroom-bench-upload-'));
    try {
      const source = sourceIn(directory, megabytes * MB);
      const costs = { mailroom: [] as Cost[], nginx: [] as Cost[], hash: [] as number[], tus: [] as Cost[] };
      for (let round = 0; round < rounds; round++) {
        costs.mailroom.push(await toMailroom(source));
        costs.nginx.push(await toNginx(join(directory, 'nginx'), source));
        costs.hash.push(await bareHash(source));
        costs.tus.push(await toTusServer(join(directory, 'tus'), source));
        say(`round ${round + 1}: ${describe(costs)}`);
      }
      const cpu = (of: readonly Cost[]): number => median(of.map((cost) => cost.cpu));
      const gigabytes = megabytes / 1_000;
      return {
        cpuPerGb: rounded(cpu(costs.mailroom) / gigabytes),
        nginxCpuPerGb: rounded(cpu(costs.nginx) / gigabytes),
        hashCpuPerGb: rounded(median(costs.hash) / gigabytes),
        tusServerCpuPerGb: rounded(cpu(costs.tus) / gigabytes),
        vsNginxPlusHash: rounded(cpu(costs.mailroom) / (cpu(costs.nginx) + median(costs.hash))),
        vsTusServer: rounded(cpu(costs.mailroom) / cpu(costs.tus)),
        wallMs: Math.round(median(costs.mailroom.map(({ wallMs }) => wallMs))),
        tusServerWallMs: Math.round(median(costs.tus.map(({ wallMs }) => wallMs))),
        rssMb: Math.round(Math.max(...costs.mailroom.map(({ rssMb }) => rssMb))),
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function toMailroom(source: Source): Promise<Cost> {
  source.renew();
  await using server = await startServer({ env: { MAILROOM_LOG_LEVEL: 'warn' } });
  const ann = await uploaderOn(server, 'ann');
  const path = await ann.create(source.bytes);
  return await measured(
    () => cpuSeconds(server.pid),
    () => residentKb(server.pid),
    async () => await curl('PATCH', server.url + path, source, tusHeaders(ann.token)),
  );
}

async function toNginx(directory: string, source: Source): Promise<Cost> {
  source.renew();
  await using nginx = await startNginx(directory);
  return await measured(
    () => nginx.cpuSeconds(),
    () => 0,
    async () => await curl('PUT', `${nginx.url}/file`, source, []),
  );
}

async function toTusServer(directory: string, source: Source): Promise<Cost> {
  source.renew();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '../peers/tus-server.ts'), directory], {
    stdout: 'pipe',
    stderr: 'inherit',
  });
  try {
    const { value } = await child.stdout.getReader().read();
    const url = `http://127.0.0.1:${new TextDecoder().decode(value).trim()}`;
    const created = await fetch(`${url}/files`, {
      method: 'POST',
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(source.bytes) },
    });
    const path = new URL(created.headers.get('location') ?? '', url).pathname;
    return await measured(
      () => cpuSeconds(child.pid),
      () => residentKb(child.pid),
      async () => await curl('PATCH', url + path, source, tusHeaders('none')),
    );
  } finally {
    child.kill('SIGKILL');
    await child.exited;
  }
}

async function bareHash({ path }: Source): Promise<number> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, '../peers/bare-sha256.ts'), path], {
    stdout: 'pipe',
  });
  return Number(await new Response(child.stdout).text());
}

function tusHeaders(token: string): string[] {
  return [
    `Authorization: Bearer ${token}`,
    'Tus-Resumable: 1.0.0',
    'Upload-Offset: 0',
    'Content-Type: application/offset+octet-stream',
  ];
}

/** Every server gets its bytes from the same client. */
async function curl(method: string, url: string, { path }: Source, headers: readonly string[]): Promise<void> {
  const args = [
    '-sS',
    '-f',
    '-o',
    '/dev/null',
    '-X',
    method,
    '-T',
    path,
    ...headers.flatMap((header) => ['-H', header]),
  ];
  const child = Bun.spawn(['curl', ...args, url], { stdout: 'inherit', stderr: 'inherit' });
  if ((await child.exited) !== 0) throw new Error(`the upload to ${url} failed`);
}

async function measured(cpu: () => number, rssKb: () => number, work: () => Promise<void>): Promise<Cost> {
  const before = cpu();
  const startMs = performance.now();
  await work();
  return { cpu: cpu() - before, wallMs: performance.now() - startMs, rssMb: rssKb() / 1_000 };
}

function sourceIn(directory: string, bytes: number): Source {
  const path = join(directory, 'source.bin');
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  writeFileSync(path, '');
  const file = openSync(path, 'r+');
  for (let at = 0; at < bytes; at += block.length) writeSync(file, block, 0, Math.min(block.length, bytes - at), at);
  closeSync(file);
  return {
    path,
    bytes,
    renew() {
      const open = openSync(path, 'r+');
      writeSync(open, crypto.getRandomValues(new Uint8Array(32)), 0, 32, 0);
      closeSync(open);
    },
  };
}

function describe(costs: { readonly [name: string]: readonly (Cost | number)[] }): string {
  const last = (of: readonly (Cost | number)[]): number => {
    const cost = of.at(-1) ?? 0;
    return typeof cost === 'number' ? cost : cost.cpu;
  };
  return Object.entries(costs)
    .map(([name, of]) => `${name} ${rounded(last(of))} s`)
    .join(', ');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
