import { Accounts, type Login } from '../../src/client/accounts.ts';
import { asMailroomError, MailroomError } from '../../src/client/errors.ts';
import { Observable } from './observable.ts';

const sessionKey = 'mailroom.session';
const deviceKey = 'mailroom.device';
/** A token with less time left than this is renewed at the start of the app. */
const renewBeforeMs = 7 * 24 * 3_600_000;

/** Who is logged in. It lives in `localStorage`, so that all tabs of one browser share it. */
export class Session extends Observable {
  /** Why the user finds themselves logged out, if they did not do it themselves. */
  notice: string | undefined;
  readonly #accounts: Accounts;
  #login: Login | undefined = readLogin();

  constructor(url: string) {
    super();
    this.#accounts = new Accounts(url);
    window.addEventListener('storage', (event) => {
      if (event.key === sessionKey || event.key === null) this.#set(readLogin());
    });
  }

  get login(): Login | undefined {
    return this.#login;
  }

  get token(): string {
    return this.#login?.token ?? '';
  }

  async logIn(username: string, password: string): Promise<void> {
    this.#store(await this.#accounts.login(username, password, localStorage.getItem(deviceKey) ?? undefined));
  }

  async register(username: string, password: string): Promise<void> {
    await this.#accounts.register(username, password);
    await this.logIn(username, password);
  }

  /** Logs out here whatever the server says; a token that could not be revoked is reported. */
  async logOut(): Promise<void> {
    const { token } = this;
    this.#store(undefined);
    try {
      await this.#accounts.logout(token);
    } catch (error) {
      if (asMailroomError(error).code === 'unauthenticated') return;
      this.notice =
        'You are logged out on this device, but the server could not be told. Log in again to end old sessions.';
      this.changed();
    }
  }

  /** The server does not take the token any more. */
  expire(notice: string): void {
    this.notice = notice;
    this.#store(undefined);
  }

  async changePassword(oldPassword: string, newPassword: string): Promise<void> {
    await this.#accounts.changePassword(this.token, oldPassword, newPassword);
  }

  /** Hands the user's own data to the browser as a file to keep. */
  async exportData(): Promise<void> {
    const response = await fetch('/v1/me/export', { headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok) {
      throw new MailroomError(
        response.status === 429 ? 'rate_limited' : 'unavailable',
        'the data could not be collected',
      );
    }
    const data = await response.blob();
    const url = URL.createObjectURL(data);
    const link = document.createElement('a');
    link.href = url;
    link.download = 'mailroom-export.jsonl.gz';
    link.click();
    // The download has its own hold on the data once it has begun.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** Deletes the account for good. */
  async deleteAccount(password: string): Promise<void> {
    await this.#accounts.deleteAccount(this.token, password);
    this.expire('Your account is deleted.');
  }

  /** Renews the token when it has not long to live. A failure is left to the next start, or to its end. */
  async renewIfDue(): Promise<void> {
    const login = this.#login;
    if (login === undefined || login.expiresAt - Date.now() > renewBeforeMs) return;
    const renewed = await this.#accounts.renew(login.token);
    if (this.#login?.token === login.token) this.#store({ ...login, ...renewed });
  }

  #store(login: Login | undefined): void {
    if (login === undefined) {
      localStorage.removeItem(sessionKey);
    } else {
      localStorage.setItem(sessionKey, JSON.stringify(login));
      localStorage.setItem(deviceKey, login.device);
    }
    this.#set(login);
  }

  #set(login: Login | undefined): void {
    this.#login = login;
    if (login !== undefined) this.notice = undefined;
    this.changed();
  }
}

function readLogin(): Login | undefined {
  const text = localStorage.getItem(sessionKey);
  if (text === null) return undefined;
  try {
    const login = JSON.parse(text) as Partial<Login>;
    return typeof login.token === 'string' && login.user !== undefined ? (login as Login) : undefined;
  } catch {
    // Not written by this app: as good as no session.
    return undefined;
  }
}
