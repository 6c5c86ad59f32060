/** The operator's door of a running engine: a socket file in the data directory, which only its user can open. */

import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Workers } from './workers.ts';

export interface AdminSocket {
  close(): void;
}

/** What `admin` sends to a running engine. */
export interface ResetPasswordOrder {
  readonly username: string;
  readonly password: string;
}

export function adminSocketPath(dataDir: string): string {
  return join(dataDir, 'admin.sock');
}

export function openAdminSocket(dataDir: string, workers: Workers): AdminSocket {
  const path = adminSocketPath(dataDir);
  rmSync(path, { force: true });
  // A thread is asked one thing at a time, so that each order gets its own answer.
  let before: Promise<unknown> = Promise.resolve();
  const reset = ({ username, password }: ResetPasswordOrder): Promise<{ readonly problem: string | null }> => {
    const answer = before.then(() => workers.ask(0, { type: 'reset-password', username, password }, 'password-reset'));
    before = answer;
    return answer;
  };
  const server = Bun.serve({
    unix: path,
    routes: {
      '/reset-password': {
        async POST(request) {
          const { problem } = await reset((await request.json()) as ResetPasswordOrder);
          return Response.json({ problem });
        },
      },
    },
    fetch: () => new Response('there is nothing here', { status: 404 }),
  });
  chmodSync(path, 0o600);
  return {
    close() {
      void server.stop(true);
      rmSync(path, { force: true });
    },
  };
}
