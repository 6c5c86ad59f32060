/** Transfer: a staged file into the object store, against a bare loop of parallel parts on the same gateway. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { FileNotes } from '../../src/storage/embedded/transfers/file-notes.ts';
import { S3Objects } from '../../src/storage/s3/s3-objects.ts';
import { sampleBytes, sha256Of } from '../../test/contract/objects-samples.ts';
import { type Bench, UsageError } from '../lib/command.ts';
import { cpuSeconds, cpuSecondsSince } from '../lib/process.ts';
import { median, round } from '../lib/stats.ts';
import { s3Variables } from './s3-variables.ts';

const defaults = { mib: 256, rounds: 5 };
const MIB = 1024 * 1024;
const GB = 1e9;
const PART_BYTES = 8 * MIB;
const IN_FLIGHT = 4;

export const transfer: Bench<typeof defaults> = {
  does: 'a staged file into the bucket, verified and resumable, against a bare loop of parallel parts',
  defaults,
  help: { mib: 'size of the file, in MiB', rounds: 'rounds of each, in turn' },
  async run({ mib, rounds }, say) {
    const variables = s3Variables();
    if (variables === undefined) throw new UsageError('an object store is needed: npm run services -- up ceph');
    const directory = mkdtempSync(join(tmpdir(), 'mailroom-bench-'));
    const { url, bucket, accessKey, secretKey } = variables;
    const store = new S3Objects(variables);
    const client = new S3Client({
      endpoint: url,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    try {
      const path = join(directory, 'file');
      const notes = new FileNotes(join(directory, 'notes'));
      const ours: Measured[] = [];
      const bare: Measured[] = [];
      for (let each = 0; each <= rounds; each += 1) {
        const bytes = sampleBytes(mib * MIB, each + 1);
        writeFileSync(path, bytes);
        const source = { path, size: bytes.length, sha256: sha256Of(bytes) };
        const key = `bench-transfer/${crypto.randomUUID()}`;
        const theirs = await measured(bytes.length, () =>
          bareMultipart(client, bucket, `${key}.bare`, path, bytes.length),
        );
        const mine = await measured(bytes.length, () => store.putFile(key, source, notes.journal('bench')));
        await store.delete(key);
        await store.delete(`${key}.bare`);
        // The first round warms both.
        if (each === 0) continue;
        say(`round ${each} of ${rounds}`);
        ours.push(mine);
        bare.push(theirs);
      }
      const speed = (all: readonly Measured[]): number => median(all.map(({ mibPerSecond }) => mibPerSecond));
      const cost = (all: readonly Measured[]): number => median(all.map(({ cpuPerGb }) => cpuPerGb));
      return {
        vsBareMultipart: round(speed(ours) / speed(bare)),
        mibPerSecond: round(speed(ours)),
        bareMibPerSecond: round(speed(bare)),
        cpuPerGb: round(cost(ours)),
        bareCpuPerGb: round(cost(bare)),
      };
    } finally {
      client.destroy();
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

interface Measured {
  readonly mibPerSecond: number;
  readonly cpuPerGb: number;
}

async function measured(size: number, work: () => Promise<unknown>): Promise<Measured> {
  const [cpu, start] = [cpuSeconds(process.pid), performance.now()];
  await work();
  const seconds = (performance.now() - start) / 1_000;
  return { mibPerSecond: size / MIB / seconds, cpuPerGb: (cpuSecondsSince(process.pid, cpu) / size) * GB };
}

/** Nothing but the parts: no checksum, no journal, no second look. */
async function bareMultipart(client: S3Client, Bucket: string, Key: string, path: string, size: number): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  if (UploadId === undefined) throw new Error('the upload has no id');
  const parts: { PartNumber: number; ETag: string }[] = [];
  let next = 1;
  const send = async (): Promise<void> => {
    for (let number = next++; (number - 1) * PART_BYTES < size; number = next++) {
      const part = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: number });
      const url = await getSignedUrl(client, part);
      const body = Bun.file(path).slice((number - 1) * PART_BYTES, Math.min(size, number * PART_BYTES));
      const answer = await fetch(url, { method: 'PUT', body });
      if (!answer.ok) throw new Error(`part ${number}: ${answer.status}`);
      parts.push({ PartNumber: number, ETag: answer.headers.get('etag') ?? '' });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, send));
  const Parts = parts.sort((a, b) => a.PartNumber - b.PartNumber);
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}
