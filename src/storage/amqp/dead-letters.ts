/**
 * Dead letters in a queue of their own. Letters are published with confirms, in any number of copies; a letter's id is the
 * hash of its bytes, so that copies count as one.
 *
 * Looking at a queue means taking its messages and giving them back, so that two who look at the same time may each see a
 * part of it.
 */
import { createHash } from 'node:crypto';
import type { ConfirmChannel, GetMessage } from 'amqplib';
import type { DeadLetter, DeadLetterKind, DeadLetters, NewDeadLetter } from '../ports/dead-letters.ts';
import type { AmqpConnection } from './connection.ts';
import { amqpNames } from './names.ts';
import { ConfirmedPublisher } from './publisher.ts';
import { onOwnChannel } from './queue-browse.ts';

export interface AmqpDeadLettersOptions {
  /** One that nothing is consumed on. */
  readonly connection: AmqpConnection;
  readonly prefix?: string;
  /** How long listing and removing wait for RabbitMQ: milliseconds. */
  readonly waitMs?: number;
}

const NO_DELIVERY_LIMIT = 2 ** 31 - 1;
const MAX_BYTES = 1024 * 1024 * 1024;
const ID_CHARACTERS = 16;

export class AmqpDeadLetters implements DeadLetters {
  readonly #options: AmqpDeadLettersOptions;
  readonly #queue: string;
  readonly #publisher: ConfirmedPublisher;

  constructor(options: AmqpDeadLettersOptions) {
    this.#options = options;
    this.#queue = amqpNames(options.prefix).deadLetters;
    const { connection } = options;
    this.#publisher = new ConfirmedPublisher({ connection, declare: (channel) => this.#declare(channel) });
  }

  /** Resolves when every letter is in the queue, however long RabbitMQ is away. */
  async add(letters: readonly NewDeadLetter[]): Promise<void> {
    await Promise.all(letters.map((letter) => this.#publish(letter)));
  }

  async list(limit: number): Promise<readonly DeadLetter[]> {
    const found = new Map<string, DeadLetter>();
    await this.#browse((letter) => {
      if (!found.has(letter.id)) found.set(letter.id, letter);
      return found.size < limit ? 'next' : 'stop';
    });
    return [...found.values()];
  }

  async remove(ids: readonly string[]): Promise<number> {
    const wanted = new Set(ids);
    const removed = new Set<string>();
    await this.#browse(({ id }) => {
      if (!wanted.has(id)) return 'next';
      removed.add(id);
      return 'remove';
    });
    return removed.size;
  }

  async close(): Promise<void> {
    await this.#publisher.close();
  }

  async #declare(channel: ConfirmChannel): Promise<void> {
    await channel.assertQueue(this.#queue, {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-overflow': 'reject-publish',
        'x-max-length-bytes': MAX_BYTES,
        'x-delivery-limit': NO_DELIVERY_LIMIT,
      },
    });
  }

  async #publish({ kind, reason, at, bytes }: NewDeadLetter): Promise<void> {
    await this.#publisher.publish({
      exchange: '',
      routingKey: this.#queue,
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      properties: {
        mandatory: true,
        persistent: true,
        contentType: `application/vnd.mailroom.${kind}`,
        headers: { kind, reason, at },
      },
      whenRefused: 'repeat',
    });
  }

  /** Looks at each message once, on a channel of its own; what is not removed goes back when that channel closes. */
  async #browse(look: (letter: DeadLetter) => 'next' | 'remove' | 'stop'): Promise<void> {
    const { connection, waitMs = 10_000 } = this.#options;
    const work = (channel: ConfirmChannel): Promise<void> => this.#lookAtAll(channel, look);
    await onOwnChannel(connection, 'look at the dead letters', waitMs, work, (channel) => this.#declare(channel));
  }

  async #lookAtAll(channel: ConfirmChannel, look: (letter: DeadLetter) => 'next' | 'remove' | 'stop'): Promise<void> {
    for (;;) {
      const message = await channel.get(this.#queue);
      if (message === false) return;
      const verdict = look(letterOf(message));
      if (verdict === 'remove') channel.ack(message);
      if (verdict === 'stop') return;
    }
  }
}

/** What somebody else put into the queue is a letter too. */
function letterOf({ content, properties }: GetMessage): DeadLetter {
  const { kind, reason, at }: Record<string, unknown> = properties.headers ?? {};
  const known: DeadLetterKind = kind === 'record' ? 'record' : 'group';
  return {
    id: createHash('sha256').update(known).update(content).digest('hex').slice(0, ID_CHARACTERS),
    kind: known,
    reason: typeof reason === 'string' ? reason : 'nobody has said why',
    at: typeof at === 'number' ? at : 0,
    bytes: content,
  };
}
