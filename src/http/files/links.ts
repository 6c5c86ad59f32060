/**
 * Links: files for whoever has the token, and knows the password where there is one.
 *
 * A token that never was, one that expired or was revoked, and one that is used up are answered alike. Only its hash is
 * stored and looked up, so that no time tells how much of a guess was right.
 */
import { linkDeskKind, linkDeskOf } from '../../actors/files/link-desk.ts';
import { fault } from '../../protocol/faults.ts';
import type { Fault, Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { OpenedLink, ShareRecord } from '../../storage/ports/file-records.ts';
import { json } from '../answers.ts';
import type { ByteSource } from '../content/bytes.ts';
import { deliverContent, PRIVATE_CACHE } from '../content/deliver.ts';
import type { FileRecordsDoor } from '../file-records.ts';
import { problem } from '../problem.ts';
import { GRANT_MS, isLinkGrant, linkGrant } from './link-grants.ts';
import { type LinkPage, linkPage } from './link-page.ts';

export interface LinksOptions {
  readonly shard: Shard;
  readonly records: FileRecordsDoor;
  readonly hashToken: (token: string) => string;
  readonly source: ByteSource;
  readonly frameAncestors: readonly string[];
  /** Milliseconds to wait before an address may try a password, or 0. */
  readonly mayTry: (request: Request) => number;
}

const DEADLINE_MS = 10_000;
const COOKIE = 'mailroom-download';

const NO_LINK = fault('not_found', 'there is no such link');
const NEEDS_PASSWORD = fault('unauthenticated', 'the link asks for a password');
const WRONG_PASSWORD = fault('forbidden', 'the password is wrong');
const NO_SUCH_PAGE: LinkPage = {
  shows: 'problem',
  title: 'There is nothing here',
  text: 'The link is wrong, has expired, or was revoked.',
};

export class Links {
  readonly #options: LinksOptions;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Before the password nothing is told but that there is one. */
  async facts(token: string): Promise<Response> {
    const found = await this.#usable(token);
    if (!found.ok) return problem(found.fault);
    const { share, file, content } = found.value;
    const expiry = share.expiresAt === null ? {} : { expiresAt: share.expiresAt };
    if (needsPassword(share)) return json(200, { needsPassword: true, ...expiry });
    const { name, size } = file;
    return json(200, { needsPassword: false, name, size, type: content.type, sha256: content.hash, ...expiry });
  }

  /** A grant for the right password. */
  async open(request: Request, token: string, password: string): Promise<Response> {
    const found = await this.#usable(token);
    if (!found.ok) return problem(found.fault);
    const { share, file, content } = found.value;
    const refusal = await this.#tried(request, share, password);
    if (refusal !== undefined) return problem(refusal);
    const expiresAt = this.#options.shard.host.wallMs() + GRANT_MS.open;
    const { name, size } = file;
    const facts = { name, size, type: content.type, sha256: content.hash };
    return json(200, { grant: linkGrant(share, 'open', expiresAt), expiresAt, ...facts });
  }

  async page(token: string): Promise<Response> {
    const found = await this.#usable(token);
    if (!found.ok) return problemPage(found.fault);
    const { share, file } = found.value;
    if (needsPassword(share)) return linkPage(200, { shows: 'password' });
    return linkPage(200, { shows: 'file', name: file.name, size: file.size, href: contentPath(token) });
  }

  async openedPage(request: Request, token: string, password: string): Promise<Response> {
    const found = await this.#usable(token);
    if (!found.ok) return problemPage(found.fault);
    const { share, file } = found.value;
    const refusal = await this.#tried(request, share, password);
    if (refusal === WRONG_PASSWORD) return linkPage(403, { shows: 'password', problem: 'That is not the password.' });
    if (refusal !== undefined) return problemPage(refusal);
    const grant = linkGrant(share, 'open', this.#options.shard.host.wallMs() + GRANT_MS.open);
    const href = `${contentPath(token)}?grant=${grant}`;
    return linkPage(200, { shows: 'file', name: file.name, size: file.size, href });
  }

  /** GET or HEAD. Each first byte is a download, and counted once it is about to be sent. */
  async content(request: Request, token: string): Promise<Response> {
    const found = await this.#found(token);
    if (!found.ok) return problem(found.fault);
    const { share, file, content } = found.value;
    const goesOn = this.#goesOn(request, share);
    if (isUsedUp(share) && !goesOn) return problem(NO_LINK);
    const refusal = await this.#refusal(request, share);
    if (refusal !== undefined) return refusal === NEEDS_PASSWORD ? passwordPlease() : problem(refusal);
    const { source, frameAncestors } = this.#options;
    const { searchParams } = new URL(request.url);
    const response = await deliverContent(request, content, {
      source,
      name: file.name,
      disposition: searchParams.get('disposition') === 'inline' ? 'inline' : 'attachment',
      audience: 'same-site',
      frameAncestors,
      cacheControl: PRIVATE_CACHE,
    });
    return isDownload(request, response, share, goesOn) ? await this.#counted(response, share, token) : response;
  }

  async #counted(response: Response, share: ShareRecord, token: string): Promise<Response> {
    const { records, shard } = this.#options;
    const counted = await records('countDownload', share.id, shard.host.wallMs());
    if (!counted.ok || !counted.value) {
      await response.body?.cancel();
      return problem(counted.ok ? NO_LINK : counted.fault);
    }
    const grant = linkGrant(share, 'download', shard.host.wallMs() + GRANT_MS.download);
    const scope = `Path=${contentPath(token)}; Max-Age=${GRANT_MS.download / 1_000}; HttpOnly; SameSite=Lax`;
    response.headers.append('set-cookie', `${COOKIE}=${grant}; ${scope}`);
    return response;
  }

  /** Whether the request belongs to a download that was counted: it has its cookie, and asks for a later part. */
  #goesOn(request: Request, share: ShareRecord): boolean {
    if (!/^bytes=[1-9]/.test(request.headers.get('range') ?? '')) return false;
    const cookies = (request.headers.get('cookie') ?? '').split(/; */);
    const grant = cookies.find((cookie) => cookie.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? '';
    return isLinkGrant(share, 'download', grant, this.#options.shard.host.wallMs());
  }

  async #refusal(request: Request, share: ShareRecord): Promise<Fault | undefined> {
    if (!needsPassword(share)) return undefined;
    const grant = new URL(request.url).searchParams.get('grant') ?? '';
    if (isLinkGrant(share, 'open', grant, this.#options.shard.host.wallMs())) return undefined;
    const password = basicPassword(request);
    if (password === undefined) return NEEDS_PASSWORD;
    const refusal = await this.#tried(request, share, password);
    return refusal === WRONG_PASSWORD ? NEEDS_PASSWORD : refusal;
  }

  /** Undefined where the password is right, or none is needed. */
  async #tried(request: Request, share: ShareRecord, password: string): Promise<Fault | undefined> {
    const { target } = share;
    if (target.kind !== 'link' || target.passwordHash === null) return undefined;
    const { shard, mayTry } = this.#options;
    const waitMs = mayTry(request);
    if (waitMs > 0) return fault('rate_limited', 'too many tries', waitMs);
    const { passwordHash, tokenHash: link } = target;
    const attempt = { type: 'try', link, password: password.normalize('NFC'), passwordHash } as const;
    const reply = await shard.ask(shard.ref(linkDeskKind, linkDeskOf(link)), attempt, DEADLINE_MS);
    if (!reply.ok) return reply.fault;
    return reply.value ? undefined : WRONG_PASSWORD;
  }

  async #usable(token: string): Promise<Reply<OpenedLink>> {
    const found = await this.#found(token);
    return found.ok && isUsedUp(found.value.share) ? { ok: false, fault: NO_LINK } : found;
  }

  async #found(token: string): Promise<Reply<OpenedLink>> {
    const { records, shard, hashToken } = this.#options;
    const reply = await records('link', hashToken(token), shard.host.wallMs());
    if (!reply.ok) return reply;
    const { value } = reply;
    if (value === null || value.content.status === 'deleting') return { ok: false, fault: NO_LINK };
    return { ok: true, value };
  }
}

function needsPassword({ target }: ShareRecord): boolean {
  return target.kind === 'link' && target.passwordHash !== null;
}

function maxDownloadsOf({ target }: ShareRecord): number | null {
  return target.kind === 'link' ? target.maxDownloads : null;
}

function isUsedUp(share: ShareRecord): boolean {
  const max = maxDownloadsOf(share);
  return max !== null && share.downloads >= max;
}

/**
 * Whether the answer is to be counted: it has the first byte. Where downloads are bounded, so is any other part which does not
 * belong to one that was counted; else who leaves out one byte could have the rest for nothing.
 */
function isDownload(request: Request, response: Response, share: ShareRecord, goesOn: boolean): boolean {
  if (request.method !== 'GET' || (response.status !== 200 && response.status !== 206)) return false;
  const hasFirst = response.status === 200 || (response.headers.get('content-range') ?? '').startsWith('bytes 0-');
  return hasFirst || (maxDownloadsOf(share) !== null && !goesOn);
}

function contentPath(token: string): string {
  return `/v1/shares/${encodeURIComponent(token)}/content`;
}

/** Of `Authorization: Basic`; the name does not count. */
function basicPassword(request: Request): string | undefined {
  const [, encoded] = /^Basic ([\w+/=]{1,4096})$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString();
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

function passwordPlease(): Response {
  const response = problem(NEEDS_PASSWORD);
  response.headers.set('www-authenticate', 'Basic realm="shared file", charset="UTF-8"');
  return response;
}

function problemPage(reason: Fault): Response {
  if (reason === NO_LINK) return linkPage(404, NO_SUCH_PAGE);
  const { status } = problem(reason);
  return linkPage(status, { shows: 'problem', title: 'Not now', text: 'Please try again in a moment.' });
}
