/** Renewals: what a thread believes of its rooms, gathered for those who own them. */
import type { Context } from '../../runtime/context.ts';
import type { RenewLeases } from '../room/ledger.ts';
import { roomKind } from '../room/messages.ts';
import type { Topic } from './topic.ts';

/** By the thread that owns the rooms. Those that have not said yet where they stand are left out. */
export function renewalsByOwner(
  context: Pick<Context<never>, 'ref'>,
  topics: Iterable<Topic>,
): ReadonlyMap<number, RenewLeases['topics']> {
  const owners = new Map<number, RenewLeases['topics'][number][]>();
  for (const { room, seq, change, version } of topics) {
    if (seq < 0) continue;
    const owner = context.ref(roomKind, room).thread;
    const renewals = owners.get(owner);
    if (renewals === undefined) owners.set(owner, [{ room, seq, change, version }]);
    else renewals.push({ room, seq, change, version });
  }
  return owners;
}
