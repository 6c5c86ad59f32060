/** Administrators of a running engine, made by the operator's command. */
import { expect } from 'bun:test';
import { join } from 'node:path';
import { type Account, newAccount } from '../../support/http.ts';
import { within } from '../../support/wait.ts';

const ADMIN = join(import.meta.dir, '../../../src/admin.ts');

export interface AdminOutcome {
  readonly code: number;
  readonly stderr: string;
}

export async function adminCommand(
  dataDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<AdminOutcome> {
  const child = Bun.spawn([process.execPath, ADMIN, ...args, '--data-dir', dataDir], {
    env: { ...process.env, ...env },
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const reading = new Response(child.stderr).text();
  const code = await within('the command to end', child.exited);
  return { code, stderr: await reading };
}

export async function newAdministrator(
  server: { readonly url: string; readonly dataDir: string },
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Account> {
  const account = await newAccount(server.url, name);
  expect(await adminCommand(server.dataDir, ['grant', name], env)).toEqual({
    code: 0,
    stderr: `mailroom: ${name} is an administrator of the server now\n`,
  });
  return account;
}
