/** What the hasher is asked: hashes of staged bytes, computed where no shard waits for them. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { HashWish, WholeHashed } from '../../storage/ports/hashing.ts';
import type { WantedHash } from '../../storage/ports/upload-journal.ts';

/** Bytes below the offset are on the disk. */
export interface Advance {
  readonly type: 'advance';
  readonly id: string;
  readonly offset: number;
  readonly hashes: readonly WantedHash[];
}
export interface HashWhole extends HashWish, Request<WholeHashed> {
  readonly type: 'hash-whole';
}
/** The upload has ended: what was hashed of it may go. */
export interface Forget {
  readonly type: 'forget';
  readonly id: string;
}
export type HasherMessage = Advance | HashWhole | Forget;

export const hasherKind = defineKind<HasherMessage>({
  name: 'hasher',
  placement: 'service',
  mailbox: { capacity: 8_192, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});
