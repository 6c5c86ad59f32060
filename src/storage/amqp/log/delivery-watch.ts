/**
 * Has a consumer subscribe anew where the broker may have forgotten it: soon, if its queue holds messages, it has room for
 * them, and none comes; and now and then, if nothing comes at all. For a quorum queue that is deleted and declared again
 * counts its messages from the start, and the broker (3.10) takes them for copies of what it has given to a consumer that it
 * has not told of the deletion.
 *
 * A consumer that waits behind another one looks the same; taking its place in the line anew costs it nothing.
 */
import type { Channel } from 'amqplib';

export interface DeliveryWatchOptions {
  readonly queue: string;
  readonly everyMs: number;
  /** Whether the broker could deliver more. */
  readonly hasRoom: () => boolean;
  /** Whether nothing is held that would be delivered once more. */
  readonly isEmpty: () => boolean;
  readonly stalled: () => void;
}

/** In a row, for what is in the queue may be on its way. */
const CHECKS = 2;
/** Without anything delivered, whatever the queue says. */
const IDLE_CHECKS = 6;

export class DeliveryWatch {
  readonly #options: DeliveryWatchOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #inVain = 0;
  #idle = 0;

  constructor(options: DeliveryWatchOptions) {
    this.#options = options;
  }

  start(channel: Channel): void {
    this.stop();
    this.#timer = setInterval(() => void this.#check(channel), this.#options.everyMs);
  }

  delivered(): void {
    this.#inVain = 0;
    this.#idle = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.delivered();
  }

  async #check(channel: Channel): Promise<void> {
    const timer = this.#timer;
    const { queue, hasRoom, isEmpty, stalled } = this.#options;
    const waiting = await readyMessages(channel, queue);
    if (this.#timer !== timer) return;
    this.#inVain = waiting > 0 && hasRoom() ? this.#inVain + 1 : 0;
    this.#idle = isEmpty() ? this.#idle + 1 : 0;
    if (this.#inVain >= CHECKS || this.#idle >= IDLE_CHECKS) stalled();
  }
}

async function readyMessages(channel: Channel, queue: string): Promise<number> {
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } catch {
    // The channel is gone, or the broker has just closed it: its user hears of that by itself.
    return 0;
  }
}
