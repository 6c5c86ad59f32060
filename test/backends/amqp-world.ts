/** A message log of a test's own in a broker, and somebody who moves it away as the persister does. */
import { AmqpConnection } from '../../src/storage/amqp/connection.ts';
import { AmqpDeadLetters } from '../../src/storage/amqp/dead-letters.ts';
import { AmqpLogReader, type AmqpLogReaderOptions } from '../../src/storage/amqp/log/reader.ts';
import { AmqpLogWriter, type AmqpLogWriterOptions } from '../../src/storage/amqp/log/writer.ts';
import type { LogPosition } from '../../src/storage/ports/message-log.ts';
import { deleteAll, testPrefix } from './amqp-names.ts';

export const PARTITIONS = 4;
export const PARTITION = 2;

export interface AmqpWorld extends AsyncDisposable {
  readonly prefix: string;
  readonly publishing: AmqpConnection;
  readonly consuming: AmqpConnection;
  readonly letters: AmqpDeadLetters;
  writer(epoch: number, more?: Partial<AmqpLogWriterOptions>): AmqpLogWriter;
  reader(more?: Partial<AmqpLogReaderOptions>): AmqpLogReader;
}

export interface WorldOptions {
  /** Bound of a queue: bytes. */
  readonly maxBytes?: number;
  /** Of both connections: seconds. */
  readonly heartbeatS?: number;
  /** Undefined: as the engine has it. A broker that is not killed needs none. */
  readonly settleMs?: number;
}

export function amqpWorld(url: string, options: WorldOptions = {}): AmqpWorld {
  const { maxBytes, heartbeatS = 2 } = options;
  const settle = options.settleMs === undefined ? {} : { settleMs: options.settleMs };
  const prefix = testPrefix();
  const publishing = new AmqpConnection({
    url,
    name: 'test: publishing',
    heartbeatS,
    connectMs: 2_000,
    maxPauseMs: 200,
  });
  const consuming = new AmqpConnection({ url, name: 'test: consuming', heartbeatS, connectMs: 2_000, maxPauseMs: 200 });
  const letters = new AmqpDeadLetters({ connection: publishing, prefix });
  const bound = maxBytes === undefined ? {} : { maxBytes };
  const topology = { prefix, partitions: PARTITIONS, ...settle, ...bound };
  return {
    prefix,
    publishing,
    consuming,
    letters,
    writer: (epoch, more = {}) =>
      new AmqpLogWriter({
        ...topology,
        partition: PARTITION,
        connection: publishing,
        fence: { epoch, slots: [2, 6] },
        ...more,
      }),
    reader: (more = {}) =>
      new AmqpLogReader({ prefix, partition: PARTITION, connection: consuming, deadLetters: letters, ...more }),
    [Symbol.asyncDispose]: async () => {
      await publishing.close();
      await consuming.close();
      await deleteAll(url, prefix, PARTITIONS);
    },
  };
}

/** Moves what the reader gets to a store of its own, which it trims the log to. Begins at once. */
export class Mover {
  /** Texts of all records in the order in which they were read. */
  readonly texts: string[] = [];
  readonly positions: LogPosition[] = [];
  readonly #reader: AmqpLogReader;

  constructor(reader: AmqpLogReader) {
    this.#reader = reader;
    reader.onArrival(() => this.move());
    this.move();
  }

  move(): void {
    const after = this.positions.at(-1) ?? 0;
    for (const batch of this.#reader.read(after, Number.MAX_SAFE_INTEGER)) {
      this.positions.push(batch.position);
      this.texts.push(...batch.records.map((record) => new TextDecoder().decode(record)));
    }
    this.#reader.trim(this.positions.at(-1) ?? 0);
  }
}

export function group(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text));
}
