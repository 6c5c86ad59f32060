/** Reconciling: the outcome of a change is unknown, and what is stored says it once it can be read. */
import type { Context } from '../../runtime/context.ts';
import type { RoomFields, RoomGovernance } from '../../storage/ports/governance.ts';
import type { MemberRecord } from '../../storage/ports/records.ts';
import { askGovernance } from '../storage/governance.ts';
import { askRecords } from '../storage/records.ts';
import type { Announcer } from './announcer.ts';
import type { RoomMessage } from './messages.ts';
import type { RoomState } from './state.ts';

const RECONCILE_MS = 500;

/** Calls back when memory says what the store says. Other changes wait for that. */
export function reconcile(
  context: Context<RoomMessage>,
  state: RoomState,
  announcer: Announcer,
  done: () => void,
): void {
  const again = (): void => {
    context.after(RECONCILE_MS, () => reconcile(context, state, announcer, done));
  };
  askRecords(context, 'members', [state.id], (members) => {
    if (!members.ok) return again();
    askGovernance(context, 'governance', [state.id], (governance) => {
      if (!governance.ok || governance.value === null) return again();
      if (governance.value.deletedAt !== 0) announcer.deleted(governance.value.deletedAt);
      else {
        adoptMembers(state, announcer, members.value);
        adoptGovernance(state, announcer, governance.value);
      }
      done();
    });
  });
}

function adoptMembers(state: RoomState, announcer: Announcer, stored: readonly MemberRecord[]): void {
  const users = new Set(stored.map(({ user }) => user));
  for (const { user, username, role, read, joinedSeq } of stored) {
    const known = state.members.get(user);
    if (known === undefined) announcer.added({ user, username, role, read, joinedSeq });
    else if (known.role !== role) announcer.roleSet(known, role);
  }
  for (const member of [...state.members.values()]) if (!users.has(member.user)) announcer.removed(member);
}

function adoptGovernance(state: RoomState, announcer: Announcer, { fields, mutes }: RoomGovernance): void {
  const changed = changedFields(state.fields, fields);
  if (Object.keys(changed).length > 0) announcer.updated(fields, changed);
  for (const { user, until } of mutes) if (state.mutes.get(user) !== until) announcer.muted(user, until);
  const stored = new Set(mutes.map(({ user }) => user));
  for (const user of [...state.mutes.keys()]) if (!stored.has(user)) announcer.muted(user, 0);
}

/** Those of the second that differ from the first. */
export function changedFields(before: RoomFields, after: Partial<RoomFields>): Partial<RoomFields> {
  const known: Readonly<Record<string, unknown>> = { ...before };
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => known[name] !== value));
}
