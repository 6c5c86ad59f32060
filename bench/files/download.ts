/** Download: what the delivery of a file's bytes costs the server, against nginx with sendfile. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleBytes } from '../../test/contract/objects-samples.ts';
import { seed } from '../../test/integration/content/seeding.ts';
import { newAccount } from '../../test/support/http.ts';
import { startServer } from '../../test/support/server.ts';
import type { Bench } from '../lib/command.ts';
import { cpuSeconds, cpuSecondsSince, residentKb } from '../lib/process.ts';
import { table } from '../lib/report.ts';
import { median, round } from '../lib/stats.ts';
import { startNginx } from './nginx.ts';

const defaults = { mib: 64, downloads: 32, readers: 4, rounds: 3 };
const MIB = 1024 * 1024;
const GB = 1e9;

interface Measured {
  readonly cpuPerGb: number;
  readonly mibPerSecond: number;
}

export const download: Bench<typeof defaults> = {
  does: "a file's bytes over HTTP: server CPU per GB, against nginx with sendfile",
  defaults,
  help: {
    mib: 'size of the file, in MiB',
    downloads: 'downloads in a round',
    readers: 'downloads at once',
    rounds: 'rounds of each server, in turn',
  },
  async run({ mib, downloads, readers, rounds }, say) {
    const directory = mkdtempSync(join(tmpdir(), 'mailroom-bench-'));
    try {
      const bytes = sampleBytes(mib * MIB);
      await using server = await startServer({ env: { MAILROOM_LOG_LEVEL: 'warn' } });
      const { id: user, token } = await newAccount(server.url, 'reader');
      const { file, staged } = await seed(server.dataDir, { user, bytes, name: 'film.mp4', type: 'video/mp4' });
      mkdirSync(join(directory, 'www'));
      copyFileSync(join(server.dataDir, 'staging/contents', staged), join(directory, 'www', 'file'));
      writeFileSync(join(directory, 'www', 'index.html'), '');
      await using nginx = await startNginx(join(directory, 'www'));
      const path = `/v1/files/${file}/content`;
      const ours = { url: server.url + path, headers: `authorization: Bearer ${token}\r\n`, pid: server.pid };
      const theirs = { url: `${nginx.url}/file`, headers: '', pid: nginx.pid };
      const results: { readonly ours: Measured[]; readonly theirs: Measured[] } = { ours: [], theirs: [] };
      const plan = { downloads, readers, size: bytes.length };
      for (let each = 1; each <= rounds; each += 1) {
        say(`round ${each} of ${rounds}`);
        results.theirs.push(await measured(theirs, plan));
        results.ours.push(await measured(ours, plan));
      }
      const [us, them] = [results.ours, results.theirs].map((all) => ({
        cpuPerGb: median(all.map(({ cpuPerGb }) => cpuPerGb)),
        mibPerSecond: median(all.map(({ mibPerSecond }) => mibPerSecond)),
      })) as [Measured, Measured];
      say(
        table(
          ['', 'CPU s per GB', 'MiB/s'],
          [
            ['mailroom', String(round(us.cpuPerGb)), String(round(us.mibPerSecond))],
            ['nginx sendfile', String(round(them.cpuPerGb)), String(round(them.mibPerSecond))],
          ],
        ),
      );
      return {
        vsSendfile: round(us.cpuPerGb / them.cpuPerGb),
        cpuPerGb: round(us.cpuPerGb),
        sendfileCpuPerGb: round(them.cpuPerGb),
        mibPerSecond: round(us.mibPerSecond),
        sendfileMibPerSecond: round(them.mibPerSecond),
        rssMb: round(residentKb(server.pid) / 1024),
      };
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measured(
  { url, headers, pid }: { readonly url: string; readonly headers: string; readonly pid: number },
  { downloads, readers, size }: { readonly downloads: number; readonly readers: number; readonly size: number },
): Promise<Measured> {
  await downloaded(url, headers, size);
  const [cpu, start] = [cpuSeconds(pid), performance.now()];
  let left = downloads;
  const reader = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await downloaded(url, headers, size);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  const seconds = (performance.now() - start) / 1_000;
  const total = downloads * size;
  return { cpuPerGb: (cpuSecondsSince(pid, cpu) / total) * GB, mibPerSecond: total / MIB / seconds };
}

/** Reads one answer and counts its bytes; rejects if there are fewer than the file has. */
async function downloaded(url: string, headers: string, size: number): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n${headers}connection: close\r\n\r\n`);
  let got = 0;
  for await (const chunk of socket) {
    got += (chunk as Buffer).length;
    if (got > size) break;
  }
  socket.destroy();
  if (got < size) throw new Error(`${got} of ${size} bytes came from ${url}`);
}
