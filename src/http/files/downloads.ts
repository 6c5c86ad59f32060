/** Downloads that the server does for a user: from a checked request to questions to their records and to who does them. */
import { downloaderKind } from '../../actors/files/downloader.ts';
import { checkedFileName } from '../../actors/files/file-name.ts';
import { downloadsKind } from '../../actors/storage/downloads.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { DownloadRecord } from '../../storage/ports/downloads.ts';
import { json } from '../answers.ts';
import type { Bearers } from '../bearers.ts';
import { problem } from '../problem.ts';
import { BAD_NAME } from './drive.ts';
import { readCursor } from './shapes.ts';

export interface DownloadRoutesOptions {
  readonly shard: Shard;
  readonly bearers: Bearers;
}

export type Control = 'pause' | 'resume' | 'cancel';

const ASK_MS = 10_000;
const DEFAULT_PAGE = 50;
const RETRY_AFTER_MS = 30_000;
const NO_SUCH_DOWNLOAD = fault('not_found', 'there is no such download');
const BAD_CURSOR = fault('invalid', 'cursor: not one that a list gave');

export class DownloadDoor {
  readonly #options: DownloadRoutesOptions;

  constructor(options: DownloadRoutesOptions) {
    this.#options = options;
  }

  add(request: Request, url: string, name: string | undefined): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const checked = name === undefined ? '' : checkedFileName(name);
      if (checked === undefined) return problem(BAD_NAME);
      const { shard } = this.#options;
      const message = { type: 'add', args: [user, url, checked] } as const;
      const reply = (await shard.ask(shard.ref(downloaderKind, 'all'), message, ASK_MS)) as Reply<Added>;
      if (!reply.ok) return problem(reply.fault);
      if ('refusal' in reply.value) return problem(refusalOf(reply.value.refusal, reply.value.message));
      return json(202, { download: downloadJson(reply.value.record) });
    });
  }

  list(request: Request, cursor: string | undefined, limit = DEFAULT_PAGE): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const after = cursor === undefined ? undefined : readCursor(cursor);
      if (cursor !== undefined && after === undefined) return problem(BAD_CURSOR);
      // One more than is shown tells whether there are any.
      const reply = await this.#records<readonly DownloadRecord[]>('downloadsOf', user, limit + 1, after);
      if (!reply.ok) return problem(reply.fault);
      const downloads = reply.value.slice(0, limit);
      const last = reply.value.length > limit ? downloads.at(-1) : undefined;
      const more = last === undefined ? {} : { cursor: cursorBehind(last) };
      return json(200, { downloads: downloads.map(downloadJson), ...more });
    });
  }

  look(request: Request, id: string): Promise<Response> {
    return this.#withOwn(request, id, async (record) => json(200, { download: downloadJson(record) }));
  }

  /** Again where it is as wanted already, nothing happens. */
  control(request: Request, id: string, control: Control): Promise<Response> {
    return this.#withOwn(request, id, async (record) => {
      if (isAlready(record, control)) return json(200, { download: downloadJson(record) });
      const { shard } = this.#options;
      const message = { type: control, args: [id] } as const;
      const reply = (await shard.ask(
        shard.ref(downloaderKind, 'all'),
        message,
        ASK_MS,
      )) as Reply<DownloadRecord | null>;
      if (!reply.ok) return problem(reply.fault);
      if (reply.value === null) return problem(fault('conflict', 'the download is in another state by now'));
      return json(200, { download: downloadJson(reply.value) });
    });
  }

  #withOwn(request: Request, id: string, then: (record: DownloadRecord) => Promise<Response>): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const reply = await this.#records<DownloadRecord | null>('download', id);
      if (!reply.ok) return problem(reply.fault);
      return reply.value?.user === user ? await then(reply.value) : problem(NO_SUCH_DOWNLOAD);
    });
  }

  async #records<T>(type: 'download' | 'downloadsOf', ...args: readonly unknown[]): Promise<Reply<T>> {
    const { shard } = this.#options;
    return (await shard.ask(shard.ref(downloadsKind, 'all'), { type, args }, ASK_MS)) as Reply<T>;
  }

  #withUser(request: Request, then: (user: string) => Promise<Response>): Promise<Response> {
    return this.#options.bearers.withToken(request, ({ identity }) => then(identity.user.id));
  }
}

type Added = { readonly record: DownloadRecord } | { readonly refusal: string; readonly message: string };

function refusalOf(refusal: string, message: string): Fault {
  if (refusal === 'too-many') return fault('rate_limited', message, RETRY_AFTER_MS);
  return fault(refusal === 'forbidden-address' ? 'forbidden' : 'invalid', `url: ${message}`);
}

function isAlready({ state }: DownloadRecord, control: Control): boolean {
  if (control === 'pause') return state === 'paused';
  if (control === 'resume') return state === 'queued' || state === 'running';
  return state === 'cancelled';
}

function cursorBehind({ createdAt, id }: DownloadRecord): string {
  return Buffer.from(`${createdAt}.${id}`).toString('base64url');
}

function downloadJson(record: DownloadRecord) {
  const { id, url, name, size, received, state, problem: why, file, createdAt, updatedAt } = record;
  return {
    id,
    url,
    ...(name === '' ? {} : { name }),
    ...(size === null ? {} : { size }),
    received,
    state,
    ...(why === '' ? {} : { problem: why }),
    ...(file === null ? {} : { file }),
    createdAt,
    updatedAt,
  };
}
