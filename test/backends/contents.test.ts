/** Files on real back ends: moved by RabbitMQ's jobs into a bucket, delivered from there, and what an outage of it costs. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { S3Proxy, type SeenRequest, type Treatment } from '../contract/objects-proxy.ts';
import { emptied, s3OptionsOf } from '../contract/objects-s3.ts';
import { sampleBytes, sha256Of } from '../contract/objects-samples.ts';
import { describeWith } from '../support/back-ends.ts';
import { makeDeployment } from '../support/deployment.ts';
import { type Account, expectProblem, http, newAccount } from '../support/http.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { eventually, TEST_MS } from '../support/wait.ts';

setDefaultTimeout(TEST_MS);

const MIB = 1024 * 1024;

describeWith(['mysql', 'redis', 'rabbitmq', 'ceph'], 'files on real back ends', (variables) => {
  async function scene(treat: (request: SeenRequest) => Treatment) {
    const deployment = await makeDeployment(variables);
    const proxy = new S3Proxy(variables.MAILROOM_S3_URL ?? '', treat);
    const env = { ...deployment.env, MAILROOM_S3_URL: await proxy.listen(), MAILROOM_STAGING_GRACE: '0s' };
    const server = await startServer({ env });
    const anna = await newAccount(server.url, 'anna');
    return {
      server,
      anna,
      proxy,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
        await deployment[Symbol.asyncDispose]();
        for (const prefix of made) await emptied(s3OptionsOf(variables), prefix);
      },
    };
  }
  /** Keys of contents that tests have made. */
  const made = new Set<string>();

  async function upload({ url }: TestServer, { token }: Account, bytes: Uint8Array): Promise<string> {
    const hash = sha256Of(bytes);
    made.add(`o/${hash.slice(0, 2)}/${hash}`);
    const answer = await fetch(`${url}/v1/uploads`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'tus-resumable': '1.0.0',
        'upload-length': String(bytes.length),
        'upload-metadata': `filename ${btoa('film.mp4')}`,
        'content-type': 'application/offset+octet-stream',
      },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    expect([answer.status, await answer.text()]).toEqual([201, expect.anything()]);
    const file = answer.headers.get('mailroom-file');
    expect(file).toBeString();
    return file ?? '';
  }

  async function staged({ dataDir }: TestServer, isRight: (left: number) => boolean): Promise<void> {
    const count = () => [...new Bun.Glob('*').scanSync(`${dataDir}/staging/contents`)].length;
    await eventually('the staged contents', count, isRight);
  }

  test('[TRF2] an upload moves into the bucket, its owner hears of it, and it is read from there slowly in little memory', async () => {
    await using at = await scene(() => 'pass');
    using device = await RawClient.greet(at.server.url, at.anna.token);
    const bytes = sampleBytes(48 * MIB + 17);
    const file = await upload(at.server, at.anna, bytes);
    await device.until('the file to be stored', () =>
      device.notifications.find(
        ({ method, params }) => method === 'file' && params.file === file && params.state === 'stored',
      ),
    );
    await staged(at.server, (left) => left === 0);
    const path = `/v1/files/${file}/content`;
    const authorization = `Bearer ${at.anna.token}`;
    const whole = await fetch(at.server.url + path, { headers: { authorization } });
    expect([whole.status, sha256Of(new Uint8Array(await whole.arrayBuffer()))]).toEqual([200, sha256Of(bytes)]);
    const range = await fetch(at.server.url + path, { headers: { authorization, range: 'bytes=9000000-9999999' } });
    expect([range.status, range.headers.get('content-range')]).toEqual([206, `bytes 9000000-9999999/${bytes.length}`]);
    expect(Buffer.compare(Buffer.from(await range.arrayBuffer()), bytes.subarray(9_000_000, 10_000_000))).toBe(0);

    const before = residentBytes(at.server.pid);
    const sent = at.proxy.sentBytes;
    const sockets = await Promise.all(Array.from({ length: 12 }, () => stalled(at.server, path, authorization)));
    const grown = residentBytes(at.server.pid) - before;
    // Twelve readers want 576 MiB; what none of them takes is not fetched.
    expect(at.proxy.sentBytes - sent).toBeLessThan(200 * MIB);
    expect(grown).toBeLessThan(200 * MIB);
    for (const socket of sockets) socket.destroy();
  });

  test('[OUT5] while the object store is away uploads go on and are read, what has moved is unavailable, and then all moves', async () => {
    let isAway = false;
    await using at = await scene(() => (isAway ? 'busy' : 'pass'));
    const moved = await upload(at.server, at.anna, sampleBytes(200_000, 1));
    await staged(at.server, (left) => left === 0);
    isAway = true;
    const bytes = sampleBytes(300_000, 2);
    const waiting = await upload(at.server, at.anna, bytes);
    const path = (file: string): string => `/v1/files/${file}/content`;
    const answer = await fetch(at.server.url + path(waiting), {
      headers: { authorization: `Bearer ${at.anna.token}` },
    });
    expect([answer.status, sha256Of(new Uint8Array(await answer.arrayBuffer()))]).toEqual([200, sha256Of(bytes)]);
    const refused = await http(at.server.url, 'GET', path(moved), { token: at.anna.token });
    expectProblem(refused, 503, 'unavailable');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    isAway = false;
    await staged(at.server, (left) => left === 0);
    for (const file of [moved, waiting]) {
      await eventually(
        'the file to be read from the bucket',
        async () => (await http(at.server.url, 'GET', path(file), { token: at.anna.token })).status,
        (status) => status === 200,
      );
    }
  });
});

/** Reads the head of an answer, and then nothing. */
async function stalled({ url }: TestServer, path: string, authorization: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\n\r\n`);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('data', () => {
    socket.pause();
    resolve();
  });
  await promise;
  return socket;
}

function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096;
}
