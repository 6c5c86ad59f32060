/** Moves messages from one queue to the next without a deadline: for what nobody waits for. */
import type { ConfirmChannel, Message } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import type { ConfirmedPublisher, OutgoingMessage } from './publisher.ts';

/** After a refusal, which means that the next queue is full: milliseconds. */
const REFUSED_PAUSE_MS = 500;

/**
 * Publishes `outgoing`, again and again until it is confirmed, and acknowledges `message` then. Gives up when `gone` aborts:
 * the message's channel is lost then, and it comes again.
 */
export async function moveMessage(
  publisher: ConfirmedPublisher,
  outgoing: OutgoingMessage,
  { channel, message, gone }: { channel: ConfirmChannel; message: Message; gone: AbortSignal },
): Promise<void> {
  while (!gone.aborted) {
    try {
      await publisher.publish(outgoing, gone);
      if (!gone.aborted) channel.ack(message);
      return;
    } catch (error) {
      if (!(error instanceof StorageFault)) throw error;
    }
    await pause(gone);
  }
}

async function pause(gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const timer = setTimeout(wake, REFUSED_PAUSE_MS);
  gone.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  gone.removeEventListener('abort', wake);
}
