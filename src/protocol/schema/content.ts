/** What a message and its changes are made of. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, uint } from './common.ts';

export const Nonce = Type.String({
  minLength: 1,
  maxBytes: LIMITS.maxNonceBytes,
  description: `Chosen by the sender, 1 to ${LIMITS.maxNonceBytes} bytes: makes a repeated post the same post.`,
});

export const At = uint('When the room took it: milliseconds since the epoch.');

export const Body = Type.Uint8Array({
  minByteLength: 1,
  maxByteLength: LIMITS.maxBodyBytes,
  description: 'The encoded body map; the engine leaves it unread.',
});

export const Mentions = Type.Optional(
  Type.Array(id('User.'), { maxItems: LIMITS.maxMentions, description: 'Users who are spoken to.' }),
);
