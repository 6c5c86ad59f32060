/** What a person's actor is told and asked. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { ContactRecord, Settings } from '../../storage/ports/people.ts';

export type Availability = 'online' | 'away';
export type PresenceState = Availability | 'offline';

/** A session of the person lives; said again at least twice in the time of its lease, and whenever its state changes. */
export interface Here {
  readonly type: 'here';
  /** Id of the session's actor. */
  readonly session: string;
  readonly state: Availability;
}
export interface Gone {
  readonly type: 'gone';
  readonly session: string;
}
/** Users whose sessions on a thread look at the person, besides those who do already. The thread is told of changes. */
export interface Watch extends Request<Watched> {
  readonly type: 'watch';
  readonly thread: number;
  readonly watchers: readonly string[];
}
export interface Watched {
  /** Counts what the thread is told. */
  readonly version: number;
  readonly state: PresenceState;
  /** Milliseconds since the epoch; 0: never. */
  readonly lastSeen: number;
  /** Those of the watchers who may not see it. */
  readonly hidden: readonly string[];
}
export interface Unwatch {
  readonly type: 'unwatch';
  readonly thread: number;
  readonly watchers: readonly string[];
}
export interface ChangeSettings extends Request<Settings> {
  readonly type: 'change-settings';
  readonly change: Partial<Settings>;
}
export type ContactChange = 'request' | 'accept' | 'decline' | 'withdraw' | 'remove';
/** Answered with the contact as it is then, null where there is none. */
export interface ChangeContact extends Request<ContactRecord | null> {
  readonly type: 'change-contact';
  readonly change: ContactChange;
  readonly other: string;
  readonly note: string;
}
/** Answered once the direct room between the two goes by it. */
export interface SetBlock extends Request<Record<string, never>> {
  readonly type: 'set-block';
  readonly other: string;
  readonly on: boolean;
}
/** The person's contacts have changed. */
export interface ContactsChanged {
  readonly type: 'contacts-changed';
}

export type PersonMessage = Here | Gone | Watch | Unwatch | ChangeSettings | ChangeContact | SetBlock | ContactsChanged;

export const personKind = defineKind<PersonMessage>({
  name: 'person',
  placement: 'hashed',
  mailbox: { capacity: 4096, overflow: 'refuse' },
  supervision: { onFailure: 'restart' },
  passivateAfterMs: 60_000,
});
