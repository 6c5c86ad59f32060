/** Looking through a queue: each message is taken once, and what is not removed is given back. */
import type { ConfirmChannel, GetMessage } from 'amqplib';
import { StorageFault } from '../ports/faults.ts';
import type { AmqpConnection } from './connection.ts';
import { amqpFault } from './faults.ts';

const SETTLE_PAUSE_MS = 5;

/**
 * Runs `work` on a channel of its own, after `prepare`; the channel is closed afterwards. Rejects as `unavailable` after
 * `waitMs`.
 */
export async function onOwnChannel<T>(
  connection: AmqpConnection,
  doing: string,
  waitMs: number,
  work: (channel: ConfirmChannel) => Promise<T>,
  prepare?: (channel: ConfirmChannel) => Promise<void>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let isOver = false;
  const handle = connection.use({
    ...(prepare === undefined ? {} : { prepare }),
    opened: async (channel) => {
      // Its channel may be lost after the work is done, and a new one is opened before it is closed.
      if (isOver) return;
      try {
        resolve(await work(channel));
      } catch (error) {
        reject(amqpFault(doing, error));
      }
    },
    lost: (fault) => reject(fault),
  });
  const deadline = setTimeout(
    () => reject(new StorageFault('unavailable', `cannot ${doing}: RabbitMQ has not answered within ${waitMs} ms`)),
    waitMs,
  );
  try {
    return await promise;
  } finally {
    isOver = true;
    clearTimeout(deadline);
    await handle.close();
  }
}

/** Shows every message of a queue to `look`, which says whether it goes. */
export async function browse(
  channel: ConfirmChannel,
  queue: string,
  look: (message: GetMessage) => Promise<'keep' | 'remove'> | 'keep' | 'remove',
): Promise<void> {
  let kept = 0;
  for (;;) {
    const message = await channel.get(queue);
    if (message === false) break;
    if ((await look(message)) === 'remove') channel.ack(message);
    else kept += 1;
  }
  if (kept === 0) return;
  channel.nackAll(true);
  // They come back a moment after they were given back; who looks next should see them.
  while ((await channel.checkQueue(queue)).messageCount < kept) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_PAUSE_MS));
  }
}
