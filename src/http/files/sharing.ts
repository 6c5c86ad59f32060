/**
 * What an owner gives: a file to a friend, to a room, or to whoever has a link.
 *
 * Everything here may be repeated: who asks again for what a friend or a room has already is answered with that share.
 */

import { linkDeskKind, linkDeskOf } from '../../actors/files/link-desk.ts';
import { type Posted, roomKind } from '../../actors/room/messages.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { encodeBody } from '../../protocol/frames/body.ts';
import type { Reply } from '../../runtime/reply.ts';
import type { Shard } from '../../runtime/shard.ts';
import type { FileRecord, ShareOutcome, ShareRecord, ShareTarget } from '../../storage/ports/file-records.ts';
import { isSameTarget } from '../../storage/ports/file-rules.ts';
import { json, noContent } from '../answers.ts';
import type { Bearers } from '../bearers.ts';
import type { FileRecordsDoor } from '../file-records.ts';
import type { PeopleDoor } from '../people-door.ts';
import { problem } from '../problem.ts';
import { NO_SUCH_FILE } from './drive.ts';
import { shareJson } from './share-shapes.ts';

export interface SharingOptions {
  readonly shard: Shard;
  readonly bearers: Bearers;
  readonly records: FileRecordsDoor;
  readonly people: PeopleDoor;
  readonly hashToken: (token: string) => string;
  /** From a source that nobody can foresee. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Where links lead to; undefined for wherever the request came to. */
  readonly publicUrl: string | undefined;
  /** Milliseconds to wait before an address may ask again, or 0. */
  readonly mayTry: (request: Request) => number;
}

export interface LinkWish {
  readonly expiresAt?: number;
  readonly password?: string;
  readonly maxDownloads?: number;
}

/** One of the three. */
export interface ShareWish {
  readonly user?: string;
  readonly room?: string;
  /** Of a room: false posts no message. */
  readonly message?: boolean;
  readonly link?: LinkWish;
}

/** A share with what only its maker is told, and now. */
interface Made {
  readonly share: ShareRecord;
  readonly isNew: boolean;
  /** Of a link. */
  readonly url?: string;
  /** Of a room: the message that tells of it. */
  readonly message?: Posted;
}

const MAX_SHARES = 200;
const DEADLINE_MS = 10_000;
const TOKEN_BYTES = 32;

const ONE_TARGET = fault('invalid', 'body: one of user, room and link');
const PAST = fault('invalid', 'body.link.expiresAt: in the future');
const NO_FRIEND = fault('forbidden', 'files are given to contacts, and to nobody who is blocked or blocks');
const NO_MEMBER = fault('forbidden', 'not a member of this room');
const TOO_MANY = fault('conflict', `a file has at most ${MAX_SHARES} shares`);
const AGAIN = fault('unavailable', 'the share has just ended; ask again', 50);
const NO_SHARE = fault('not_found', 'there is no such share');

export class Sharing {
  readonly #options: SharingOptions;
  #posts = 0;

  constructor(options: SharingOptions) {
    this.#options = options;
  }

  share(request: Request, file: string, wish: ShareWish): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const targets = [wish.user, wish.room, wish.link].filter((target) => target !== undefined);
      if (targets.length !== 1) return problem(ONE_TARGET);
      // Nothing of what follows tells anything of a file to somebody who has none.
      const own = await this.#options.records('file', user, file);
      if (!own.ok) return problem(own.fault);
      if (own.value === null || own.value.trashedAt !== null) return problem(NO_SUCH_FILE);
      const made = await this.#make(request, own.value, wish);
      if (!made.ok) return problem(made.fault);
      const { share, isNew, url, message } = made.value;
      const shown = { ...shareJson(share), ...(url === undefined ? {} : { url }) };
      return json(isNew ? 201 : 200, { share: shown, ...(message === undefined ? {} : { message }) });
    });
  }

  list(request: Request, file: string): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const reply = await this.#options.records('shares', user, file);
      if (!reply.ok) return problem(reply.fault);
      return reply.value === null ? problem(NO_SUCH_FILE) : json(200, { shares: reply.value.map(shareJson) });
    });
  }

  end(request: Request, file: string, share: string): Promise<Response> {
    return this.#withUser(request, async (user) => {
      const { records, shard } = this.#options;
      const reply = await records('unshare', user, file, share, shard.host.wallMs());
      if (!reply.ok) return problem(reply.fault);
      return reply.value ? noContent() : problem(NO_SHARE);
    });
  }

  #make(request: Request, file: FileRecord, wish: ShareWish): Promise<Reply<Made>> {
    if (wish.user !== undefined) return this.#withFriend(file, wish.user);
    if (wish.room !== undefined) return this.#withRoom(file, wish.room, wish.message !== false);
    return this.#asLink(request, file, wish.link ?? {});
  }

  async #withFriend(file: FileRecord, user: string): Promise<Reply<Made>> {
    const { people } = this.#options;
    const [contact, blockers] = await Promise.all([
      people('contact', file.user, user),
      people('blockersBetween', file.user, user),
    ]);
    if (!contact.ok) return contact;
    if (!blockers.ok) return blockers;
    const isFriend = contact.value?.state === 'accepted' && blockers.value.length === 0;
    return isFriend ? await this.#record(file, { kind: 'user', user }, null) : refused(NO_FRIEND);
  }

  /** Who may not post there shares nothing there either: the share ends with a message that is refused. */
  async #withRoom(file: FileRecord, room: string, withMessage: boolean): Promise<Reply<Made>> {
    const { records, shard } = this.#options;
    const recorded = await this.#record(file, { kind: 'room', room }, null);
    if (!recorded.ok || !withMessage) return recorded;
    const { share, isNew } = recorded.value;
    const posted = await this.#post(file, room, share);
    if (posted.ok) return { ok: true, value: { share, isNew, message: posted.value } };
    // Whether such a message was posted is not known: the repetition finds out.
    if (!isNew || posted.fault.code === 'unavailable') return posted;
    const ended = await records('unshare', file.user, file.id, share.id, shard.host.wallMs());
    return ended.ok ? posted : ended;
  }

  #post(file: FileRecord, room: string, share: ShareRecord): Promise<Reply<Posted>> {
    const { shard } = this.#options;
    const { id, name, size, type: mime, user } = file;
    this.#posts += 1;
    const post = {
      type: 'post',
      user,
      session: `${shard.thread}.share-${user}`,
      // A run of its own: it waits for no other, and holds up none.
      run: this.#posts,
      place: 0,
      nonce: `share:${share.id}`,
      body: encodeBody({ type: 'file', file: id, name, size, mime }),
      files: [id],
    } as const;
    return shard.ask(shard.ref(roomKind, room), post, DEADLINE_MS);
  }

  async #asLink(request: Request, file: FileRecord, wish: LinkWish): Promise<Reply<Made>> {
    const { randomBytes, hashToken, publicUrl, mayTry, shard } = this.#options;
    const { expiresAt = null, maxDownloads = null, password } = wish;
    if (expiresAt !== null && expiresAt <= shard.host.wallMs()) return refused(PAST);
    const waitMs = password === undefined ? 0 : mayTry(request);
    if (waitMs > 0) return refused(fault('rate_limited', 'too many tries', waitMs));
    const token = Buffer.from(randomBytes(TOKEN_BYTES)).toString('base64url');
    const secret = Buffer.from(randomBytes(TOKEN_BYTES)).toString('base64url');
    const tokenHash = hashToken(token);
    const hashed = await this.#hashed(tokenHash, password);
    if (!hashed.ok) return hashed;
    const target: ShareTarget = { kind: 'link', tokenHash, secret, passwordHash: hashed.value, maxDownloads };
    const recorded = await this.#record(file, target, expiresAt);
    if (!recorded.ok) return recorded;
    const url = `${publicUrl ?? new URL(request.url).origin}/s/${token}`;
    return { ok: true, value: { ...recorded.value, url } };
  }

  async #hashed(tokenHash: string, password: string | undefined): Promise<Reply<string | null>> {
    if (password === undefined) return { ok: true, value: null };
    const { shard } = this.#options;
    const desk = shard.ref(linkDeskKind, linkDeskOf(tokenHash));
    return await shard.ask(desk, { type: 'hash', password: password.normalize('NFC') }, DEADLINE_MS);
  }

  async #record(file: FileRecord, target: ShareTarget, expiresAt: number | null): Promise<Reply<Made>> {
    const { records, shard } = this.#options;
    const { host } = shard;
    const at = host.wallMs();
    const share = { id: host.newId(), file: file.id, owner: file.user, target, createdAt: at, expiresAt, downloads: 0 };
    const reply = await records('share', share, MAX_SHARES);
    if (!reply.ok) return reply;
    if (reply.value === 'shared') return { ok: true, value: { share, isNew: true } };
    if (reply.value !== 'exists') return refused(refusalOf(reply.value, target));
    const shares = await records('shares', file.user, file.id);
    if (!shares.ok) return shares;
    const known = shares.value?.find((one) => isSameTarget(one.target, target));
    // It ended between the two questions.
    return known === undefined ? refused(AGAIN) : { ok: true, value: { share: known, isNew: false } };
  }

  #withUser(request: Request, then: (user: string) => Promise<Response>): Promise<Response> {
    return this.#options.bearers.withToken(request, ({ identity }) => then(identity.user.id));
  }
}

function refusalOf(outcome: Exclude<ShareOutcome, 'shared' | 'exists'>, target: ShareTarget): Fault {
  if (outcome === 'gone') return NO_SUCH_FILE;
  if (outcome === 'too-many') return TOO_MANY;
  return target.kind === 'room' ? NO_MEMBER : NO_FRIEND;
}

function refused(reason: Fault): { readonly ok: false; readonly fault: Fault } {
  return { ok: false, fault: reason };
}
