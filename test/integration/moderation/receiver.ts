/** A real receiver of hooks: keeps what it is sent, and answers as it is told. */
import { createHmac } from 'node:crypto';
import { Watchers } from '../../support/wait.ts';

export interface Received {
  readonly headers: Headers;
  readonly body: string;
  readonly json: {
    readonly id: string;
    readonly type: string;
    readonly message: { readonly room: string; readonly seq: number; readonly text: string; readonly from: string };
  };
}

type Answer = (received: Received) => Response;

export class Receiver implements Disposable {
  readonly received: Received[] = [];
  answer: Answer = () => new Response(null, { status: 204 });
  readonly #watchers = new Watchers();
  readonly #server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      const body = await request.text();
      const received = { headers: request.headers, body, json: JSON.parse(body) };
      this.received.push(received);
      this.#watchers.look();
      return this.answer(received);
    },
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/hook`;
  }

  texts(): string[] {
    return this.received.map(({ json }) => json.message.text);
  }

  /** Waits until so many requests have come. */
  async count(least: number): Promise<void> {
    await this.#watchers.until(`${least} requests of hooks`, () => (this.received.length >= least ? true : undefined));
  }

  [Symbol.dispose](): void {
    this.#server.stop(true).catch(() => undefined);
  }
}

/** As a receiver checks it, from the documentation alone. */
export function expectedSignature(secret: string, { headers, body }: Received): string {
  const signed = `${headers.get('mailroom-timestamp')}.${body}`;
  return `v1=${createHmac('sha256', secret).update(signed).digest('hex')}`;
}
