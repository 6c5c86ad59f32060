/**
 * The revoker: brings the news of dead tokens to those users of a shard who are in memory, and wakes nobody else.
 *
 * One a shard. Hears from the revocations; tells the user actors of its own thread. Nothing of its own, nothing to
 * survive: what was lost is told again, and a user who comes later asks the records.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Shard } from '../../runtime/shard.ts';
import { type UserMessage, userKind } from './messages.ts';

/** All of users who live on this thread. May be told again. */
export interface TokensOfUsersDied {
  readonly type: 'tokens-died';
  readonly tokens: readonly { readonly user: string; readonly tokenHash: string }[];
}
/** Nobody knows any more which tokens have died: every user has to look. */
export interface AllLookAgain {
  readonly type: 'look-again';
}
export type RevokerMessage = TokensOfUsersDied | AllLookAgain;

export const revokerKind = defineKind<RevokerMessage>({
  name: 'revoker',
  placement: 'pinned',
  mailbox: { capacity: 256, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

export function revoker(shard: Shard): Behaviour<RevokerMessage> {
  return (context) => new Revoker(context, shard);
}

class Revoker implements Actor<RevokerMessage> {
  readonly #context: Context<RevokerMessage>;
  readonly #shard: Shard;

  constructor(context: Context<RevokerMessage>, shard: Shard) {
    this.#context = context;
    this.#shard = shard;
  }

  receive(message: RevokerMessage): void {
    switch (message.type) {
      case 'tokens-died':
        return this.#tokensDied(message);
      case 'look-again':
        return this.#lookAgain();
    }
  }

  #tokensDied({ tokens }: TokensOfUsersDied): void {
    const hashesOf = new Map<string, string[]>();
    for (const { user, tokenHash } of tokens) {
      const hashes = hashesOf.get(user);
      if (hashes === undefined) hashesOf.set(user, [tokenHash]);
      else hashes.push(tokenHash);
    }
    for (const [user, hashes] of hashesOf) this.#tell(user, { type: 'tokens-died', hashes });
  }

  #lookAgain(): void {
    for (const { kind, cells } of this.#shard.kinds()) {
      if (kind.name !== userKind.name) continue;
      for (const { self } of cells.list()) this.#tell(self.id, { type: 'look-again' });
    }
  }

  #tell(user: string, message: UserMessage): void {
    const ref = this.#context.ref(userKind, user);
    if (this.#shard.activeCell(ref) !== undefined) this.#context.tell(ref, message);
  }
}
