import type { Connect, SocketLike } from './socket.ts';
import { type Incoming, type Notification, packFrames, type Response, readIncoming } from './wire.ts';

/** What one link reports. `closed` comes exactly once, and nothing comes after it. */
export interface LinkHandlers {
  opened(): void;
  responded(response: Response): void;
  notified(notification: Notification): void;
  closed(code: number, reason: string): void;
}

/** Close codes for endings that this side decides; both are followed by a reconnect. */
export const localClose = { lost: 4000, unreadable: 4001 } as const;

/**
 * One socket from its opening to its end: packs what one turn sends into one WebSocket message, and takes what comes apart.
 *
 * A link that was closed here reports so at once and forgets its socket, because the platform's own close event waits for
 * a handshake that a dead network never completes.
 */
export class Link {
  readonly #handlers: LinkHandlers;
  readonly #socket: SocketLike;
  #frames: Uint8Array[] = [];
  #state: 'opening' | 'open' | 'closed' = 'opening';

  constructor(connect: Connect, url: string, handlers: LinkHandlers) {
    this.#handlers = handlers;
    this.#socket = connect(url, {
      opened: () => this.#opened(),
      received: (bytes) => this.#received(bytes),
      closed: (code, reason) => this.#end(code, reason),
    });
  }

  /** Queues a frame for the WebSocket message that leaves at the end of this turn. A closed link drops it. */
  send(frame: Uint8Array): void {
    if (this.#state === 'closed') return;
    if (this.#frames.length === 0) queueMicrotask(() => this.#flush());
    this.#frames.push(frame);
  }

  /** Ends the link and reports it closed before this returns. Browsers take the codes 1000 and 3000 to 4999 only. */
  close(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#socket.close(code, reason);
    this.#end(code, reason);
  }

  #opened(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#handlers.opened();
  }

  #flush(): void {
    const frames = this.#frames;
    this.#frames = [];
    if (this.#state !== 'open') return;
    for (const batch of packFrames(frames)) this.#socket.send(batch);
  }

  #received(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    let incoming: readonly Incoming[];
    try {
      incoming = readIncoming(bytes);
    } catch {
      this.close(localClose.unreadable, 'unreadable message');
      return;
    }
    for (const item of incoming) {
      // A handler may close the link in the middle of a batch; the rest belongs to nobody then.
      if ((this.#state as string) === 'closed') return;
      if (item.type === 'response') this.#handlers.responded(item);
      else this.#handlers.notified(item);
    }
  }

  #end(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#frames = [];
    this.#handlers.closed(code, reason);
  }
}
