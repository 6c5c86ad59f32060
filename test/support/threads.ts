/** Which thread serves a socket: its session's id says so, `THREAD-SOCKET`. */
import { RawClient } from './raw-client.ts';

const MOST_TRIES = 60;

type Greeted = Awaited<ReturnType<typeof RawClient.greet>>;

export function threadOf({ hello }: Greeted): number {
  return Number(hello.session.split('-')[0]);
}

/** Ascending. */
export function threadsOf(clients: readonly Greeted[]): number[] {
  return [...new Set(clients.map(threadOf))].sort();
}

/** Sockets of one token, one on each of the server's threads. The kernel spreads connections: what is too many is closed. */
export async function openOnEveryThread(
  url: string,
  token: string,
  threads = 2,
  resume?: Parameters<typeof RawClient.greet>[2],
): Promise<Greeted[]> {
  const byThread = new Map<number, Greeted>();
  for (let tries = 0; byThread.size < threads; tries++) {
    if (tries === MOST_TRIES) throw new Error(`${tries} sockets were all on the threads ${[...byThread.keys()]}`);
    const client = await RawClient.greet(url, token, resume);
    if (byThread.has(threadOf(client))) await client.close();
    else byThread.set(threadOf(client), client);
  }
  return [...byThread.values()];
}
