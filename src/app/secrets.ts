/** Passwords and tokens. Hashing passwords runs on Bun's own pool, off the shard's thread. */
import { randomBytes } from 'node:crypto';
import type { Secrets } from '../actors/accounts/accounts.ts';

/** OWASP's argon2id with 19 MiB: about 40 ms of one core. */
const ARGON = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const;
const TOKEN_BYTES = 32;

export const secrets: Secrets = {
  hashPassword: (password) => Bun.password.hash(password, ARGON),
  verifyPassword: (password, hash) => Bun.password.verify(password, hash),
  newToken: (userId) => `${userId}.${randomBytes(TOKEN_BYTES).toString('base64url')}`,
  hashToken: (token) => new Bun.CryptoHasher('sha256').update(token).digest('hex'),
};
