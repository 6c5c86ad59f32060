/** Placement: which thread, of which node, owns an address. */
import { hashOf } from './hash.ts';
import type { Kind } from './kind.ts';

/** Addresses are spread over this many slots; a slot has one owner at a time. Fixed for the life of a deployment. */
export const SLOTS = 1024;
/** Most threads of one node. */
export const THREADS_PER_NODE = 64;
/** Most nodes of one deployment. */
export const MAX_NODES = 1024;

export interface Placement {
  /** The slots' owners: thread number by slot. */
  readonly slotOwners: Uint16Array;
  /** Threads of the kinds that live in one place, by kind name. */
  readonly services: Readonly<Record<string, number>>;
}

/**
 * The number of a node's thread, which no other thread of any node has. Those of node 0 are plain indexes, so a process
 * that is alone numbers its threads from 0. Throws if there is no such node or thread.
 */
export function threadNumber(node: number, index: number): number {
  if (!isBelow(node, MAX_NODES) || !isBelow(index, THREADS_PER_NODE)) {
    throw new RangeError(`no deployment has a node ${node} with a thread ${index}`);
  }
  return node * THREADS_PER_NODE + index;
}

/** The node that a thread is part of. */
export function nodeOf(thread: number): number {
  return Math.floor(thread / THREADS_PER_NODE);
}

function isBelow(index: number, bound: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < bound;
}

/** Spreads the slots evenly over the first `shards` threads. */
export function evenPlacement(shards: number, services: Readonly<Record<string, number>> = {}): Placement {
  const slotOwners = new Uint16Array(SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) slotOwners[slot] = slot % shards;
  return { slotOwners, services };
}

/** The slot of an id. */
export function slotOf(id: string): number {
  return slotOfHash(hashOf(id));
}

function slotOfHash(hash: number): number {
  return (hash >>> 0) % SLOTS;
}

/** The thread that owns the actor `kind/id`; `hash` is the `hashOf` of the id. Throws if a pinned id names no thread or a service has no home. */
export function threadOf<M>(placement: Placement, kind: Kind<M>, id: string, hash: number = hashOf(id)): number {
  switch (kind.placement) {
    case 'hashed':
      return placement.slotOwners[slotOfHash(hash)] as number;
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
