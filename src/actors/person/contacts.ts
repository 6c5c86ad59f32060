/** How a person stands to others: each change goes to the records first, then both are told. */
import { fault } from '../../protocol/faults.ts';
import { encodeNotification } from '../../protocol/frames/rpc.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { ContactNotice } from '../../protocol/types.ts';
import type { Context } from '../../runtime/context.ts';
import type { Fault, Reply, ReplyTo } from '../../runtime/reply.ts';
import type { ContactRecord, ContactState, Profile } from '../../storage/ports/people.ts';
import { askPeople } from '../storage/people.ts';
import { userKind } from '../user/messages.ts';
import { type ChangeContact, type ContactChange, type PersonMessage, personKind } from './messages.ts';
import { userShape } from './shapes.ts';

const NO_SUCH_USER = fault('not_found', 'there is no such user');
const NOT_ASKED = fault('not_found', 'this user has not asked');
const FORBIDDEN = fault('forbidden', 'this user cannot be asked');
const FULL = fault('conflict', 'one of the two has too many contacts');
const TOO_MANY_BLOCKS = fault('conflict', 'too many users are blocked');

/** What has to be there for a change that ends something. */
const ENDS: Readonly<Partial<Record<ContactChange, ContactState>>> = {
  decline: 'incoming',
  withdraw: 'outgoing',
  remove: 'accepted',
};

export class Contacts {
  readonly #context: Context<PersonMessage>;
  #open = 0;

  constructor(context: Context<PersonMessage>) {
    this.#context = context;
  }

  get idle(): boolean {
    return this.#open === 0;
  }

  /** `onChanged` is called where the person's contacts are others now. */
  change(message: ChangeContact, replyTo: ReplyTo | undefined, onChanged: () => void): void {
    const { change, other } = message;
    const answer = (refusal: Fault | undefined, changed: boolean): void => {
      if (refusal !== undefined) {
        this.#open -= 1;
        replyTo?.settle(undefined, refusal);
        return;
      }
      if (changed) onChanged();
      this.#answer(other, changed, replyTo);
    };
    this.#open += 1;
    const state = ENDS[change];
    if (state !== undefined) this.#end(other, state, answer);
    else if (change === 'accept') this.#accept(other, answer);
    else this.#request(message, answer);
  }

  setBlock(other: string, on: boolean, done: (refusal: Fault | undefined) => void): void {
    const user = this.#context.self.id;
    if (!on) {
      askPeople(this.#context, 'unblock', [user, other], (reply) => done(reply.ok ? undefined : reply.fault));
      return;
    }
    const args = [user, other, this.#context.wallMs(), LIMITS.maxBlocks] as const;
    askPeople(this.#context, 'block', [...args], (reply) => {
      if (!reply.ok) done(refusalOf(reply.fault));
      else done(reply.value === 'full' ? TOO_MANY_BLOCKS : undefined);
    });
  }

  #request({ other, note }: ChangeContact, answer: (refusal: Fault | undefined, changed: boolean) => void): void {
    const { self } = this.#context;
    const at = this.#context.wallMs();
    const request = { from: self.id, to: other, note, at, maxContacts: LIMITS.maxContacts };
    askPeople(this.#context, 'requestContact', [request], (reply) => {
      if (!reply.ok) answer(refusalOf(reply.fault), false);
      else if (reply.value === 'blocked') answer(FORBIDDEN, false);
      else if (reply.value === 'full') answer(FULL, false);
      else answer(undefined, reply.value !== 'known');
    });
  }

  #accept(other: string, answer: (refusal: Fault | undefined, changed: boolean) => void): void {
    askPeople(this.#context, 'acceptContact', [this.#context.self.id, other, this.#context.wallMs()], (reply) => {
      if (!reply.ok) answer(reply.fault, false);
      else if (reply.value === 'accepted') answer(undefined, true);
      else answer(reply.value === 'blocked' ? FORBIDDEN : NOT_ASKED, false);
    });
  }

  #end(other: string, state: ContactState, answer: (refusal: Fault | undefined, changed: boolean) => void): void {
    askPeople(this.#context, 'endContact', [this.#context.self.id, other, state], (reply) => {
      if (reply.ok) answer(undefined, reply.value);
      else answer(reply.fault, false);
    });
  }

  /** The change is stored: what cannot be read now is not told, and the list has it. */
  #answer(other: string, changed: boolean, replyTo: ReplyTo | undefined): void {
    const { self } = this.#context;
    if (changed) this.#context.tell(this.#context.ref(personKind, other), { type: 'contacts-changed' });
    askPeople(this.#context, 'contact', [self.id, other], (reply) => {
      this.#open -= 1;
      if (reply.ok) replyTo?.settle(reply.value, undefined);
      else replyTo?.settle(undefined, reply.fault);
      if (changed && reply.ok) this.#tellBoth(other, reply.value);
    });
  }

  #tellBoth(other: string, contact: ContactRecord | null): void {
    const { self } = this.#context;
    askPeople(this.#context, 'profiles', [[self.id, other]], (reply: Reply<readonly Profile[]>) => {
      if (!reply.ok) return;
      for (const profile of reply.value) {
        const isOther = profile.user === other;
        this.#notify(isOther ? self.id : other, noticeOf(profile, contact, isOther, this.#context.wallMs()));
      }
    });
  }

  #notify(user: string, notice: ContactNotice): void {
    const frame = encodeNotification('contact', notice);
    this.#context.tell(this.#context.ref(userKind, user), { type: 'notify', frame });
  }
}

/** As the person sees it (`own`), or as the other does. */
function noticeOf(profile: Profile, contact: ContactRecord | null, own: boolean, now: number): ContactNotice {
  const user = userShape(profile);
  if (contact === null) return { user, state: 'none', at: now };
  const { state, note, at } = contact;
  return { user, state: own ? state : MIRRORED[state], ...(note === '' ? {} : { note }), at };
}

const MIRRORED: Readonly<Record<ContactState, ContactState>> = {
  outgoing: 'incoming',
  incoming: 'outgoing',
  accepted: 'accepted',
};

/** The one thing that storage refuses is somebody who does not exist. */
function refusalOf(reason: Fault): Fault {
  return reason.code === 'internal' ? NO_SUCH_USER : reason;
}
