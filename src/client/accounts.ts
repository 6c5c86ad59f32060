import { type Fetch, Http } from './http.ts';
import type { User } from './wire.ts';

/** What a login gives. `expiresAt` is in milliseconds since the epoch. */
export interface Login {
  readonly token: string;
  readonly expiresAt: number;
  readonly device: string;
  readonly user: User;
}

/**
 * Accounts, over HTTP. Every method rejects with a `MailroomError`: the server's code where it answered with one, and
 * `unavailable` where it could not be reached.
 */
export class Accounts {
  readonly #http: Http;

  /** `url` is the address of the server, such as `https://chat.example.org`. */
  constructor(url: string, fetch?: Fetch) {
    this.#http = new Http(url, fetch);
  }

  /** Makes an account. `conflict` when the name is taken, `invalid` when name or password break a rule. */
  async register(username: string, password: string): Promise<User> {
    const { user } = await this.#http.call<{ readonly user: User }>('POST', '/v1/register', { username, password });
    return user;
  }

  /** Logs in. A login with the name of a `device` replaces the token that the device had. */
  login(username: string, password: string, device?: string): Promise<Login> {
    return this.#http.call('POST', '/v1/login', { username, password, ...(device === undefined ? {} : { device }) });
  }

  /** Kills the token, and closes its sockets. */
  async logout(token: string): Promise<void> {
    await this.#http.call('POST', '/v1/logout', undefined, token);
  }

  /** Whose token this is. */
  async me(token: string): Promise<User> {
    const { user } = await this.#http.call<{ readonly user: User }>('GET', '/v1/me', undefined, token);
    return user;
  }

  /** Changes the password; all other tokens of the user die. */
  async changePassword(token: string, oldPassword: string, newPassword: string): Promise<void> {
    await this.#http.call('POST', '/v1/password', { old: oldPassword, new: newPassword }, token);
  }

  /** Deletes the account for good. `unauthenticated` when the password is wrong. */
  async deleteAccount(token: string, password: string): Promise<void> {
    await this.#http.call('DELETE', '/v1/me', { password }, token);
  }

  /** A new token in place of this one. */
  renew(token: string): Promise<Pick<Login, 'token' | 'expiresAt'>> {
    return this.#http.call('POST', '/v1/token', undefined, token);
  }
}
