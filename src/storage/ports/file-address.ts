/**
 * File addresses: where a content's bytes are, as one short text that records and jobs keep. Bytes on a node's disk are
 * `staging:<node>:<id>`, bytes in the object store are `object:<key>`.
 */
import { checkKey } from './objects.ts';

/** Bytes on the local disk of one node, which alone can read them. */
export interface StagingAddress {
  readonly where: 'staging';
  /** The node's id, as its data directory keeps it. */
  readonly node: string;
  /** The staged content's id on that node. */
  readonly id: string;
}

/** Bytes in the object store, which every node reads. */
export interface ObjectAddress {
  readonly where: 'object';
  readonly key: string;
}

export type FileAddress = StagingAddress | ObjectAddress;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const STAGING = /^staging:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,64})$/;
const OBJECT = /^object:(.+)$/;

/** The address of content that is staged on a node. Throws for names that no address can hold. */
export function stagingAddress(node: string, id: string): string {
  for (const name of [node, id]) if (!NAME.test(name)) throw new RangeError(`not a name: ${JSON.stringify(name)}`);
  return `staging:${node}:${id}`;
}

/** The address of an object. Throws a `StorageFault` for what is no key. */
export function objectAddress(key: string): string {
  checkKey(key);
  return `object:${key}`;
}

/** What an address says. Throws a `RangeError` for any other text, which is a defect of whoever wrote it. */
export function parseAddress(address: string): FileAddress {
  const [, node, id] = STAGING.exec(address) ?? [];
  if (node !== undefined && id !== undefined) return { where: 'staging', node, id };
  const key = OBJECT.exec(address)?.[1];
  if (key === undefined) throw new RangeError(`not a file address: ${JSON.stringify(address)}`);
  checkKey(key);
  return { where: 'object', key };
}
