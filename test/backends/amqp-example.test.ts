/** The example that listens to message events, as a program of its own. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { encodeMessage } from '../../src/protocol/frames/message.ts';
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpMessageEvents } from '../../src/storage/amqp/message-events.ts';
import type { LogRecord } from '../../src/storage/ports/log-record.ts';
import { describeWith } from '../support/back-ends.ts';
import { TEST_MS, within } from '../support/wait.ts';
import { deleteAll, testPrefix } from './amqp-names.ts';

setDefaultTimeout(TEST_MS);

const EXAMPLE = join(import.meta.dir, '../../examples/event-consumer/main.ts');

function record(room: string, seq: number): LogRecord {
  const body = new Uint8Array(0);
  const frame = encodeMessage({ room, seq, from: 'ann', at: 1_700_000_000_000, nonce: `n${seq}`, body });
  return {
    stream: 'messages',
    slot: 1,
    epoch: 1,
    room,
    seq,
    sender: 'ann',
    nonce: `n${seq}`,
    at: 1_700_000_000_000,
    frame,
  };
}

/** The lines of a stream, one at a time. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

describeWith(['rabbitmq'], 'the example that listens to events', ({ MAILROOM_AMQP_URL: url = '' }) => {
  test('[EVT4] it prints each message once, and says what it was not told of', async () => {
    const prefix = testPrefix();
    const connection = new AmqpConnection({ url, name: 'test: example' });
    const events = new AmqpMessageEvents({ connection, prefix, waitMs: 30_000 });
    const env = { PATH: process.env.PATH ?? '', MAILROOM_AMQP_URL: url, MAILROOM_NAMESPACE: prefix };
    const example = Bun.spawn([process.execPath, EXAMPLE], { env, stdout: 'pipe', stderr: 'pipe' });
    const [output, errors] = [linesOf(example.stdout), linesOf(example.stderr)];
    const next = async (lines: AsyncGenerator<string, void>): Promise<unknown> => {
      return (await within('a line of the example', lines.next())).value;
    };
    try {
      expect(await next(errors)).toBe(`listening on ${prefix}.events`);
      await events.stored([record('a', 1), record('a', 2), record('b', 9)]);
      await events.stored([record('a', 2), record('a', 5)]);
      const lines = [await next(output), await next(output), await next(output), await next(output)];
      const at = '2023-11-14T22:13:20.000Z';
      expect(lines.map((line) => JSON.parse(String(line)))).toEqual([
        { room: 'a', seq: 1, from: 'ann', at },
        { room: 'a', seq: 2, from: 'ann', at },
        { room: 'b', seq: 9, from: 'ann', at },
        { room: 'a', seq: 5, from: 'ann', at },
      ]);
      expect(await next(errors)).toBe('a: the messages after 2 and before 5 were not told of');
      example.kill('SIGTERM');
      expect(await within('the example to end', example.exited)).toBe(0);
    } finally {
      example.kill('SIGKILL');
      await events.close();
      await connection.close();
      await deleteAll(url, prefix, 0);
    }
  });
});
