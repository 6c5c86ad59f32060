/** Placement: which thread owns an address. */
import type { Kind } from './kind.ts';

/** Addresses are spread over this many slots; a slot has one owner at a time. Fixed for the life of a deployment. */
export const SLOTS = 1024;

export interface Placement {
  /** The slots' owners: thread index by slot. */
  readonly slotOwners: Uint16Array;
  /** Threads of the kinds that live in one place, by kind name. */
  readonly services: Readonly<Record<string, number>>;
}

/** Spreads the slots evenly over the first `shards` threads. */
export function evenPlacement(shards: number, services: Readonly<Record<string, number>> = {}): Placement {
  const slotOwners = new Uint16Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) slotOwners[slot] = slot % shards;
  return { slotOwners, services };
}

/** The slot of an id: FNV-1a with a final mix, since ids of one kind may differ in their last characters only. */
export function slotOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < id.length; index++) hash = Math.imul(hash ^ id.charCodeAt(index), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) % SLOTS;
}

/** The thread that owns the actor `kind/id`. Throws if a pinned id names no thread or a service has no home. */
export function threadOf<M>(placement: Placement, kind: Kind<M>, id: string): number {
  switch (kind.placement) {
    case 'hashed':
      return placement.slotOwners[slotOf(id)] as number;
    case 'pinned':
      return pinnedThread(kind.name, id);
    case 'service': {
      const thread = placement.services[kind.name];
      if (thread === undefined) throw new Error(`no thread runs the service ${kind.name}`);
      return thread;
    }
  }
}

/** An id that is pinned to a thread carries it in front: `3.x` lives on thread 3. */
export function pinnedId(thread: number, name: string | number): string {
  return `${thread}.${name}`;
}

function pinnedThread(kind: string, id: string): number {
  const thread = Number.parseInt(id, 10);
  if (Number.isNaN(thread)) throw new Error(`${kind}/${id} is pinned, but its id names no thread`);
  return thread;
}
