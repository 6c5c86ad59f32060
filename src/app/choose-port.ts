/** The port, chosen once for all threads. */

/**
 * Binds the port alone, without sharing it, and lets it go: a port that somebody else listens on is noticed here, since
 * the threads share it among themselves afterwards. Port 0 picks a free one. Throws with a readable message.
 */
export function choosePort(host: string, port: number): number {
  try {
    const probe = Bun.listen({ hostname: host, port, socket: { data: () => undefined } });
    const chosen = probe.port;
    probe.stop(true);
    return chosen;
  } catch (cause) {
    throw new Error(
      `cannot listen on ${host}, port ${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}
