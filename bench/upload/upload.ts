/**
 * What a large upload costs the server, beside nginx that only stores bytes, a bare SHA-256, and the reference server of
 * tus on Node. All on one disk, in turn, one upload at a time; the client is a process of its own.
 */
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploaderOn } from '../../test/integration/uploads/uploader.ts';
import { startServer } from '../../test/support/server.ts';
import type { Bench } from '../lib/command.ts';
import { cpuSecondsOfTree, residentKb } from '../lib/process.ts';
import { median } from '../lib/stats.ts';
import { nginxIsThere, startNginx } from './nginx.ts';

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

/** One upload to each. */
interface Round {
  readonly mailroom: Cost;
  /** Null where nginx is missing. */
  readonly nginx: Cost | null;
  /** CPU seconds. */
  readonly hash: number;
  readonly tus: Cost;
}

export const upload: Bench<{ megabytes: number; rounds: number }> = {
  does: "A large upload's CPU, beside nginx with a bare hash and beside @tus/server.",
  defaults: { megabytes: 1_000, rounds: 5 },
  help: { megabytes: 'size of the upload', rounds: 'uploads to each server' },
  async run({ megabytes, rounds }, say) {
    const directory = mkdtempSync(join(tmpdir(), 'mailroom-bench-upload-'));
    try {
      const source = sourceIn(directory, megabytes * MB);
      const hasNginx = nginxIsThere(say);
      const taken: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        const mailroom = await toMailroom(source);
        const nginx = hasNginx ? await toNginx(join(directory, 'nginx'), source) : null;
        const hash = await bareHash(source);
        const tus = await toTusServer(join(directory, 'tus'), source);
        taken.push({ mailroom, nginx, hash, tus });
        const costs = { mailroom: mailroom.cpu, nginx: nginx?.cpu ?? null, hash, tus: tus.cpu };
        const texts = Object.entries(costs).map(([name, cpu]) => `${name} ${cpu === null ? '–' : rounded(cpu)} s`);
        say(`round ${round + 1}: ${texts.join(', ')}`);
      }
      return summaryOf(taken, megabytes / 1_000);
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
  return await measured(server.pid, async () => await curl('PATCH', server.url + path, source, tusHeaders(ann.token)));
}

async function toNginx(directory: string, source: Source): Promise<Cost> {
  source.renew();
  await using nginx = await startNginx(directory);
  return await measured(nginx.pid, async () => await curl('PUT', `${nginx.url}/file`, source, []));
}

async function toTusServer(directory: string, source: Source): Promise<Cost> {
  source.renew();
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const child = Bun.spawn(['node', join(import.meta.dir, '../peers/tus-server.mjs'), directory], {
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
    return await measured(child.pid, async () => await curl('PATCH', url + path, source, tusHeaders('none')));
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

async function measured(pid: number, work: () => Promise<void>): Promise<Cost> {
  // Writing back what the server before has left would cost this one.
  await Bun.spawn(['sync']).exited;
  const before = cpuSecondsOfTree(pid);
  const startMs = performance.now();
  await work();
  return {
    cpu: cpuSecondsOfTree(pid) - before,
    wallMs: performance.now() - startMs,
    rssMb: residentKb(pid) / 1_000,
  };
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

/** What was measured next to each other is compared with each other: other work on the machine comes and goes. */
function summaryOf(rounds: readonly Round[], gigabytes: number): Readonly<Record<string, number | null>> {
  const over = (of: (round: Round) => number): number => rounded(median(rounds.map(of)));
  const withNginx = rounds.flatMap((round) => (round.nginx === null ? [] : [{ ...round, nginx: round.nginx }]));
  const overNginx = (of: (round: (typeof withNginx)[number]) => number): number | null =>
    withNginx.length === 0 ? null : rounded(median(withNginx.map(of)));
  return {
    cpuPerGb: over(({ mailroom }) => mailroom.cpu / gigabytes),
    nginxCpuPerGb: overNginx(({ nginx }) => nginx.cpu / gigabytes),
    hashCpuPerGb: over(({ hash }) => hash / gigabytes),
    tusServerCpuPerGb: over(({ tus }) => tus.cpu / gigabytes),
    vsNginxPlusHash: overNginx(({ mailroom, nginx, hash }) => mailroom.cpu / (nginx.cpu + hash)),
    vsTusServer: over(({ mailroom, tus }) => mailroom.cpu / tus.cpu),
    wallMs: Math.round(median(rounds.map(({ mailroom }) => mailroom.wallMs))),
    tusServerWallMs: Math.round(median(rounds.map(({ tus }) => tus.wallMs))),
    rssMb: Math.round(Math.max(...rounds.map(({ mailroom }) => mailroom.rssMb))),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
