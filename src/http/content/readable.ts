/** From a request to the file that its bearer may read. Who may not learns nothing of it. */
import { mayFile } from '../../actors/files/permissions.ts';
import { fileRecordsKind } from '../../actors/storage/file-records.ts';
import { fault } from '../../protocol/faults.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { ContentRecord, FileAccess } from '../../storage/ports/file-records.ts';
import type { Bearers } from '../bearers.ts';
import { problem } from '../problem.ts';

const DEADLINE_MS = 5_000;
export const NO_FILE = fault('not_found', 'there is no such file');

export class ReadableFiles {
  readonly #shard: Shard;
  readonly #bearers: Bearers;

  constructor(shard: Shard, bearers: Bearers) {
    this.#shard = shard;
    this.#bearers = bearers;
  }

  /** Answers with what `then` says, if the bearer may read the file. */
  async answer(request: Request, id: string, then: (access: FileAccess) => Promise<Response>): Promise<Response> {
    return await this.#bearers.withToken(request, async ({ identity }) => {
      const args = [identity.user.id, [id], this.#shard.host.wallMs()];
      const reply = await this.#ask<readonly FileAccess[]>('access', args);
      if (!reply.ok) return problem(reply.fault);
      const access = reply.value.find(({ file }) => file === id);
      if (access === undefined || !mayFile('read', access) || access.content.status === 'deleting') {
        return problem(NO_FILE);
      }
      return await then(access);
    });
  }

  /** A content by its hash, for a request whose right to it has been decided. */
  async content(hash: string): Promise<Reply<ContentRecord | null>> {
    return await this.#ask<ContentRecord | null>('content', [hash]);
  }

  async #ask<T>(type: 'access' | 'content', args: readonly unknown[]): Promise<Reply<T>> {
    const message = { type, args };
    return (await this.#shard.ask(this.#shard.ref(fileRecordsKind, 'all'), message, DEADLINE_MS)) as Reply<T>;
  }
}
