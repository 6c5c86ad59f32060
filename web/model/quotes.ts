import type { MailroomClient } from '../../src/client/client.ts';
import type { Changed, Message } from '../../src/client/wire.ts';
import { hiddenMessage, withChange } from './message-changes.ts';
import { Observable } from './observable.ts';

/** So many are kept; the ones that were asked for first go first. */
const maxKept = 500;

/** Single messages that stand elsewhere than in their place: what replies answer, and what is pinned. */
export class Quotes extends Observable {
  readonly #client: MailroomClient;
  readonly #self: string;
  readonly #messages = new Map<string, Message>();
  readonly #asked = new Set<string>();

  constructor(client: MailroomClient, self: string) {
    super();
    this.#client = client;
    this.#self = self;
    client.on('changed', (changed) => this.#change(changed));
    client.on('hidden', ({ room, seqs }) => {
      for (const seq of seqs) this.#replace(keyOf(room, seq), hiddenMessage);
    });
    client.on('reload', ({ room }) => this.#forget(room));
    client.on('state', (state) => {
      // What could not be read, and what may have changed while the client was away, is asked for when it is shown next.
      if (state.kind !== 'ready') return;
      this.#asked.clear();
      this.#messages.clear();
      this.changed();
    });
  }

  /** The message, or undefined as long as it is not there. */
  of(room: string, seq: number): Message | undefined {
    const key = keyOf(room, seq);
    const message = this.#messages.get(key);
    if (message === undefined && !this.#asked.has(key)) void this.#ask(room, seq, key);
    return message;
  }

  async #ask(room: string, seq: number, key: string): Promise<void> {
    this.#asked.add(key);
    try {
      const { messages } = await this.#client.history(room, { after: seq - 1, limit: 1 });
      const message = messages.find((each) => each.seq === seq);
      const newer = (this.#messages.get(key)?.change ?? 0) > (message?.change ?? 0);
      if (message === undefined || newer) return;
      const [oldest] = this.#messages.keys();
      if (this.#messages.size >= maxKept && oldest !== undefined) this.#messages.delete(oldest);
      this.#messages.set(key, message);
      this.changed();
    } catch {
      // The quotation stays without its text until the next connection.
    }
  }

  #change(changed: Changed): void {
    const key = keyOf(changed.room, changed.seq);
    // One that is under way may have been read before the change: it is asked for again.
    if (this.#asked.has(key) && !this.#messages.has(key)) void this.#ask(changed.room, changed.seq, key);
    this.#replace(key, (message) => withChange(message, changed, this.#self));
  }

  #replace(key: string, by: (message: Message) => Message): void {
    const message = this.#messages.get(key);
    if (message === undefined) return;
    this.#messages.set(key, by(message));
    this.changed();
  }

  #forget(room: string): void {
    for (const keys of [this.#asked, this.#messages]) {
      for (const key of [...keys.keys()]) if (key.startsWith(`${room}/`)) keys.delete(key);
    }
    this.changed();
  }
}

function keyOf(room: string, seq: number): string {
  return `${room}/${seq}`;
}
