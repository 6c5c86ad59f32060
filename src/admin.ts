/** Entry of `npm run admin`: what an operator does to the users of a running or stopped engine. */
import { resolve } from 'node:path';
import type { ReadStream } from 'node:tty';
import { parseArgs } from 'node:util';
import { setAdministrator } from './admin/administrators.ts';
import { generatePassword, readPassword } from './admin/new-password.ts';
import { isInUse, resetPassword } from './admin/reset-password.ts';
import { hasUsers, readUsers } from './admin/stored-users.ts';
import { parseConfig } from './config/parse.ts';
import { SCHEMA } from './config/schema.ts';

const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;
const EXIT_FAILED = 70;

const USAGE = `usage: npm run admin -- COMMAND [--data-dir DIRECTORY]   (or: bun run admin COMMAND …)

  reset-password NAME [--generate]
      Give a user a new password. All of the user's tokens die at once, and their sockets are closed. The password is
      asked for, or read from the first line of the standard input; --generate makes one up and prints it.
  list-users
      Print every user, one line each: name, id and time of registration, with tabs between them.
  grant NAME, revoke NAME
      Make a user an administrator of the server, who may suspend users and answer reports; or take that away again.

All work while the engine runs and while it does not.

  --data-dir, MAILROOM_DATA_DIR  (default: ./data)
      The data directory of the engine.
  MAILROOM_MYSQL_URL
      Where the users are, if the engine keeps them in MySQL.
`;

process.exitCode = await main(process.argv.slice(2));

interface Words {
  readonly command: string | undefined;
  readonly rest: readonly string[];
  readonly dataDir: string;
  readonly mysqlUrl: string | undefined;
  readonly generate: boolean;
  readonly help: boolean;
}

async function main(argv: readonly string[]): Promise<number> {
  const words = parse(argv);
  if (typeof words === 'string') return misused(words);
  if (words.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  try {
    return await run(words);
  } catch (error) {
    if (isInUse(error)) return say(EXIT_FAILED, `the engine on ${words.dataDir} is starting or ending; try again`);
    return say(EXIT_FAILED, error instanceof Error ? error.message : String(error));
  }
}

async function run(words: Words): Promise<number> {
  const { command, rest, dataDir } = words;
  const [name] = rest;
  switch (command) {
    case 'reset-password':
      if (name === undefined || rest.length > 1) return misused('reset-password: expected one name');
      return hasUsers(words) ? await reset(words, name.normalize('NFC')) : nothingThere(dataDir);
    case 'grant':
    case 'revoke':
      if (name === undefined || rest.length > 1) return misused(`${command}: expected one name`);
      return hasUsers(words)
        ? await setAdmin(words, name.normalize('NFC'), command === 'grant')
        : nothingThere(dataDir);
    case 'list-users':
      if (rest.length > 0) return misused('list-users: expected nothing after it');
      return hasUsers(words) ? await list(words) : nothingThere(dataDir);
    case undefined:
      return misused('expected a command');
    default:
      return misused(`there is no command '${command}'`);
  }
}

async function reset(words: Words, username: string): Promise<number> {
  const prompt = (text: string): void => void process.stderr.write(text);
  const { generate } = words;
  const password = generate ? generatePassword() : await readPassword(process.stdin as ReadStream, prompt);
  const problem = await resetPassword(words, { username, password });
  if (problem !== null) return say(EXIT_REFUSED, `${username}: ${problem}`);
  process.stderr.write(`mailroom: ${username} has a new password; all tokens are dead\n`);
  if (generate) process.stdout.write(`${password}\n`);
  return 0;
}

async function setAdmin(words: Words, username: string, admin: boolean): Promise<number> {
  const problem = await setAdministrator(words, username, admin);
  if (problem !== null) return say(EXIT_REFUSED, `${username}: ${problem}`);
  process.stderr.write(
    `mailroom: ${username} is ${admin ? 'an' : 'no'} administrator of the server ${admin ? 'now' : 'any more'}\n`,
  );
  return 0;
}

async function list(words: Words): Promise<number> {
  for (const { username, id, createdAt } of await readUsers(words)) {
    process.stdout.write(`${username}\t${id}\t${new Date(createdAt).toISOString()}\n`);
  }
  return 0;
}

function parse(argv: readonly string[]): Words | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { 'data-dir': { type: 'string' }, generate: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    const [command, ...rest] = positionals;
    const { dataDir } = SCHEMA;
    const given = values['data-dir'] ?? process.env[dataDir.name]?.trim();
    const path = resolve(given ? given : dataDir.initial({ cores: 1 }));
    const outcome = parseConfig({ [SCHEMA.mysqlUrl.name]: process.env[SCHEMA.mysqlUrl.name] }, [], { cores: 1 });
    if (outcome.kind !== 'config') return outcome.kind === 'invalid' ? outcome.problems.join('; ') : '';
    const mysqlUrl = outcome.config.mysqlUrl?.map((url) => url.reveal()).join(',');
    return { command, rest, dataDir: path, mysqlUrl, generate: values.generate === true, help: values.help === true };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function nothingThere(dataDir: string): number {
  return say(EXIT_FAILED, `no engine has run on ${dataDir} yet; --data-dir names another directory`);
}

function misused(problem: string): number {
  return say(EXIT_USAGE, `${problem}; --help tells more`);
}

function say(exitCode: number, text: string): number {
  process.stderr.write(`mailroom: ${text}\n`);
  return exitCode;
}
