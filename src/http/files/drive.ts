/** A user's files: from a checked request to questions to the file records. */
import { checkedFileName } from '../../actors/files/file-name.ts';
import { mayFile } from '../../actors/files/permissions.ts';
import { fault } from '../../protocol/faults.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { FileRecord, ListQuery, ListScope } from '../../storage/ports/file-records.ts';
import { json, noContent } from '../answers.ts';
import type { Bearers } from '../bearers.ts';
import type { FileRecordsDoor } from '../file-records.ts';
import { problem } from '../problem.ts';
import { accessJson, cursorBehind, fileJson, readCursor } from './shapes.ts';

export interface DriveOptions {
  readonly bearers: Bearers;
  readonly records: FileRecordsDoor;
  readonly wallMs: () => number;
  /** 0 for none. */
  readonly quotaBytes: number;
}

export interface ListParams {
  readonly cursor?: string;
  readonly limit?: number;
  readonly search?: string;
  readonly scope?: ListScope;
}

export const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

export const NO_SUCH_FILE = fault('not_found', 'there is no such file');
const BAD_CURSOR = fault('invalid', 'cursor: not one that a list gave');
export const BAD_NAME = fault('invalid', 'name: 1 to 255 characters on one line, without slashes');

export class Drive {
  readonly #options: DriveOptions;

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  list(request: Request, { cursor, limit = DEFAULT_PAGE, search, scope = 'own' }: ListParams): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const after = cursor === undefined ? undefined : readCursor(cursor);
      if (cursor !== undefined && after === undefined) return problem(BAD_CURSOR);
      const query: ListQuery = {
        scope,
        // One more than is shown tells whether there are any.
        limit: limit + 1,
        at: this.#options.wallMs(),
        ...(after === undefined ? {} : { after }),
        ...(search === undefined ? {} : { search }),
      };
      const reply = await this.#options.records('list', user, query);
      if (!reply.ok) return problem(reply.fault);
      const files = reply.value.slice(0, limit);
      const last = reply.value.length > limit ? files.at(-1) : undefined;
      const more = last === undefined ? {} : { cursor: cursorBehind(scope, last) };
      return json(200, { files: files.map(fileJson), ...more });
    });
  }

  usage(request: Request): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const reply = await this.#options.records('usage', user);
      if (!reply.ok) return problem(reply.fault);
      const { usedBytes, reservedBytes, files } = reply.value;
      const { quotaBytes } = this.#options;
      return json(200, {
        used: usedBytes,
        reserved: reservedBytes,
        files,
        quota: quotaBytes === 0 ? null : quotaBytes,
      });
    });
  }

  /** The owner sees all of it, in the trash too; who else may read it, what they need for that. */
  look(request: Request, id: string): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const { records, wallMs } = this.#options;
      const own = await records('file', user, id);
      if (!own.ok) return problem(own.fault);
      if (own.value !== null) return json(200, { file: fileJson(own.value) });
      const reply = await records('access', user, [id], wallMs());
      if (!reply.ok) return problem(reply.fault);
      const [access] = reply.value;
      if (access === undefined || !mayFile('read', access)) return problem(NO_SUCH_FILE);
      return json(200, { file: accessJson(access) });
    });
  }

  rename(request: Request, id: string, name: string): Promise<Response> {
    const checked = checkedFileName(name);
    return this.#change(request, async (user, at) => {
      if (checked === undefined) return { ok: false, fault: BAD_NAME };
      return await this.#options.records('rename', user, id, checked, at);
    });
  }

  restore(request: Request, id: string): Promise<Response> {
    return this.#change(request, (user, at) => this.#options.records('restore', user, id, at));
  }

  delete(request: Request, id: string, forever: boolean): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const { records, wallMs } = this.#options;
      const reply = await records(forever ? 'purge' : 'trash', user, id, wallMs());
      if (!reply.ok) return problem(reply.fault);
      return reply.value === null || reply.value === false ? problem(NO_SUCH_FILE) : noContent();
    });
  }

  #change(
    request: Request,
    change: (user: string, at: number) => Promise<Reply<FileRecord | null>>,
  ): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const reply = await change(user, this.#options.wallMs());
      if (!reply.ok) return problem(reply.fault);
      return reply.value === null ? problem(NO_SUCH_FILE) : json(200, { file: fileJson(reply.value) });
    });
  }

  #withUser(request: Request, then: (user: string) => Promise<Response>): Promise<Response> {
    return this.#options.bearers.withToken(request, ({ identity }) => then(identity.user.id));
  }
}
