/** What a thread's accounts desk is asked: everything that has a password in it. */
import { defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { Person } from '../room/messages.ts';

export interface Register extends Request<Person> {
  readonly type: 'register';
  readonly username: string;
  readonly password: string;
}
export interface Login extends Request<LoggedIn> {
  readonly type: 'login';
  readonly username: string;
  readonly password: string;
  readonly device?: string;
}
export interface LoggedIn {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly device: string;
  readonly user: Person;
}
export interface ChangePassword extends Request<Record<string, never>> {
  readonly type: 'change-password';
  readonly user: string;
  readonly old: string;
  readonly new: string;
  /** The asking token, which stays valid. */
  readonly tokenHash: string;
}
/** An operator's: no old password; every token dies. */
export interface ResetPassword extends Request<Person> {
  readonly type: 'reset-password';
  readonly username: string;
  readonly new: string;
}
/** Ends the account for good, where the password is right. Answered once it is gone and its sockets are being closed. */
export interface DeleteAccount extends Request<Record<string, never>> {
  readonly type: 'delete-account';
  readonly user: string;
  readonly password: string;
}
export type AccountsMessage = Register | Login | ChangePassword | ResetPassword | DeleteAccount;

export const accountsKind = defineKind<AccountsMessage>({
  name: 'accounts',
  placement: 'pinned',
  mailbox: { capacity: 128, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});
