/** A job as a message: its body is the job's, all else stands in the headers. */
import type { Message } from 'amqplib';
import type { DeadJob } from '../ports/queue.ts';
import type { OutgoingMessage } from './publisher.ts';

/** What travels with a job from queue to queue. */
export interface JobMessage {
  readonly id: string;
  readonly body: Uint8Array;
  /** Deliveries before this message was published. */
  readonly attempts: number;
  readonly enqueuedAt: number;
}

/** What is added to a job in the queues of the delayed and of the dead. */
export type JobPlace =
  | { readonly dueAt: number }
  | { readonly reason: string; readonly diedAt: number }
  | Record<string, never>;

/** A queue that is full refuses it at once. */
export function jobMessage(
  { id, body, attempts, enqueuedAt }: JobMessage,
  exchange: string,
  routingKey: string,
  place: JobPlace = {},
): OutgoingMessage {
  return {
    exchange,
    routingKey,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    properties: { mandatory: true, persistent: true, headers: { id, attempts, enqueuedAt, ...place } },
    whenRefused: 'fail',
  };
}

/** What somebody else put into the queue has an empty id, as no job has. */
export function jobOf({ content, properties }: Message): JobMessage {
  const { id, attempts, enqueuedAt }: Record<string, unknown> = properties.headers ?? {};
  if (typeof id === 'string' && typeof attempts === 'number' && typeof enqueuedAt === 'number') {
    return { id, body: content, attempts, enqueuedAt };
  }
  return { id: '', body: content, attempts: 0, enqueuedAt: 0 };
}

/** Milliseconds since the epoch; 0 where nobody has said it. */
export function dueAtOf({ properties }: Message): number {
  const dueAt: unknown = properties.headers?.dueAt;
  return typeof dueAt === 'number' ? dueAt : 0;
}

/** How often the broker has delivered this message before without an acknowledgement. */
export function redeliveries({ properties }: Message): number {
  const count: unknown = properties.headers?.['x-delivery-count'];
  return typeof count === 'number' ? count : 0;
}

export function deadJobOf(message: Message): DeadJob {
  const { id, body, attempts, enqueuedAt } = jobOf(message);
  const { reason, diedAt }: Record<string, unknown> = message.properties.headers ?? {};
  return {
    id,
    body,
    attempts,
    reason: typeof reason === 'string' ? reason : 'nobody has said why',
    enqueuedAt,
    diedAt: typeof diedAt === 'number' ? diedAt : 0,
  };
}
