/**
 * The hasher: hashes staged bytes on a thread of files, some while they arrive, the rest when the whole is there.
 *
 * Owns how far it has come with each upload. Upload actors tell it what has come and ask for the hashes; it asks nobody.
 * Nothing survives a restart: it begins at the first byte again.
 */
import type { Context } from '../../runtime/context.ts';
import type { Actor, Behaviour } from '../../runtime/kind.ts';
import type { Hashing } from '../../storage/ports/hashing.ts';
import { asFault } from '../storage/reply.ts';
import type { HasherMessage, HashWhole } from './messages.ts';

export function hasher(hashing: Hashing): Behaviour<HasherMessage> {
  return (context) => new Hasher(context, hashing);
}

class Hasher implements Actor<HasherMessage> {
  readonly #context: Context<HasherMessage>;
  readonly #hashing: Hashing;

  constructor(context: Context<HasherMessage>, hashing: Hashing) {
    this.#context = context;
    this.#hashing = hashing;
  }

  receive(message: HasherMessage): void {
    switch (message.type) {
      case 'advance':
        return this.#hashing.advance(message);
      case 'hash-whole':
        return this.#hashWhole(message);
      case 'forget':
        return this.#hashing.forget(message.id);
    }
  }

  #hashWhole(message: HashWhole): void {
    const replyTo = this.#context.replyTo();
    this.#context.pipe(this.#hashing.hashWhole(message), (outcome) => {
      if ('value' in outcome) replyTo?.settle(outcome.value, undefined);
      else replyTo?.settle(undefined, asFault(outcome.error));
    });
  }
}
