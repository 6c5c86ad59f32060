import { describe, expect, test } from 'bun:test';
import { inspect } from 'node:util';
import { type ConfigOutcome, type Environment, parseConfig } from './parse.ts';
import { type Config, VARIABLES } from './schema.ts';
import { Secret } from './secret.ts';
import { flagOf } from './variable.ts';

const parse = (env: Environment = {}, ...argv: string[]): ConfigOutcome => parseConfig(env, argv, { cores: 6 });

function config(env: Environment = {}, ...argv: string[]) {
  const outcome = parse(env, ...argv);
  if (outcome.kind !== 'config') throw new Error(`expected a configuration, got ${JSON.stringify(outcome)}`);
  return outcome.config;
}

function problems(env: Environment = {}, ...argv: string[]) {
  const outcome = parse(env, ...argv);
  return outcome.kind === 'invalid' ? outcome.problems : [];
}

test('[CFG1] with nothing given, everything has the default of the contract', () => {
  expect(config()).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    dataDir: './data',
    threads: 6,
    roles: ['all'],
    mysqlUrl: undefined,
    s3Url: undefined,
    rateLimit: true,
    maxSocketsPerUser: 64,
    maxRoomMembers: 100_000,
    maxRoomsPerUser: 5_000,
    publicUrl: undefined,
    allowedOrigins: [],
    trustedProxies: [],
    tokenTtlMs: 2_592_000_000,
    loginPolicy: 'device',
    logLevel: 'info',
    logFormat: 'auto',
  });
});

test('[CFG2] each variable has a flag of its name, in both spellings, and the flag wins', () => {
  expect(config({ MAILROOM_DATA_DIR: '/a' }).dataDir).toBe('/a');
  expect(config({ MAILROOM_DATA_DIR: '/a' }, '--data-dir', '/b').dataDir).toBe('/b');
  expect(config({ MAILROOM_DATA_DIR: '/a' }, '--data-dir=/c=d').dataDir).toBe('/c=d');
  expect(config({}, '--max-sockets-per-user', '3', '--port=0')).toMatchObject({ maxSocketsPerUser: 3, port: 0 });
});

test('[CFG2] an empty variable is unset, an empty flag is a problem', () => {
  expect(config({ MAILROOM_PORT: '', MAILROOM_HOST: '  ' })).toMatchObject({ port: 8080, host: '127.0.0.1' });
  expect(problems({}, '--port=')).toEqual(["MAILROOM_PORT (--port): expected a whole number from 0 to 65535, got ''"]);
});

test('[CFG3] all problems are reported together, one line each, naming the variable', () => {
  const found = problems(
    { MAILROOM_PORT: 'x\ny', MAILROOM_TOKEN_TTL: '30' },
    '--threads',
    '0',
    '--nope',
    'word',
    '--host',
  );
  expect(found).toHaveLength(6);
  expect(found).toContain("MAILROOM_PORT: expected a whole number from 0 to 65535, got 'x?y'");
  expect(found).toContain("MAILROOM_THREADS (--threads): expected a whole number from 1 to 256, got '0'");
  expect(found).toContain('--nope: there is no such flag; --help lists them all');
  expect(found).toContain("'word': expected a flag; --help lists them all");
  expect(found).toContain('MAILROOM_HOST (--host): expected a value after the flag');
  expect(found.join('')).not.toContain('\n');
});

describe('[CFG4] values that fit and values that do not', () => {
  test.each([
    ['MAILROOM_PORT', ['0', '65535'], ['65536', '-1', '1.5', '1e3', '0x10']],
    ['MAILROOM_TOKEN_TTL', ['1s', '1500ms', '3650d', '12h'], ['500ms', '3651d', '1w', '-1d', '1.5h', 'd']],
    ['MAILROOM_RATE_LIMIT', ['on', 'off'], ['true', 'ON', '1']],
    ['MAILROOM_LOGIN_POLICY', ['device', 'single'], ['both']],
    ['MAILROOM_HOST', ['0.0.0.0', '::1', '[::1]', 'localhost', 'a.example.org'], ['a b', 'http://x', '-a']],
    [
      'MAILROOM_PUBLIC_URL',
      ['https://a.example/chat/', 'http://127.0.0.1:80'],
      ['a.example', 'ftp://a', 'http://a/?b'],
    ],
    ['MAILROOM_ALLOWED_ORIGINS', ['https://a, http://b:1'], ['*', 'https://a/path', 'https://a,', 'https://u:p@a']],
    ['MAILROOM_TRUSTED_PROXIES', ['10.0.0.0/8,::1', 'fd00::/8'], ['10.0.0.0/33', 'proxy', '10.0.0/8', '::1/129']],
  ])('[CFG4] %s', (name, good, bad) => {
    for (const text of good) expect([text, problems({ [name]: text })]).toEqual([text, []]);
    for (const text of bad) expect([text, problems({ [name]: text }).length]).toEqual([text, 1]);
  });

  test('[CFG4] durations become milliseconds, lists lose repeats, addresses lose the last slash', () => {
    expect(config({ MAILROOM_TOKEN_TTL: '15m' }).tokenTtlMs).toBe(900_000);
    expect(config({ MAILROOM_ALLOWED_ORIGINS: 'https://a, https://a/' }).allowedOrigins).toEqual(['https://a']);
    expect(config({ MAILROOM_PUBLIC_URL: 'https://a.example/chat/' }).publicUrl).toBe('https://a.example/chat');
  });
});

test('[CFG5] a role that this version lacks stops the start with one line', () => {
  const found = problems({ MAILROOM_ROLES: 'gateway' });
  expect(found).toHaveLength(1);
  expect(found[0]).toStartWith('MAILROOM_ROLES: this version ');
  expect(problems({ MAILROOM_ROLES: 'all' })).toEqual([]);
});

test('[CFG5] no problem shows the secret of an address', () => {
  for (const name of ['MAILROOM_MYSQL_URL', 'MAILROOM_MYSQL_REPLICA_URLS', 'MAILROOM_REDIS_URL', 'MAILROOM_AMQP_URL']) {
    const found = problems({ [name]: 'ftp://root:hush@db/x' });
    expect(found).toHaveLength(1);
    expect(found[0]).toStartWith(`${name}: expected `);
    expect(found[0]).not.toContain('hush');
  }
});

test('[CFG13] the primary may be a list of addresses, and its secrets do not show themselves', () => {
  const { mysqlUrl } = config({ MAILROOM_MYSQL_URL: 'mysql://u:hush@a/x, mysql://u:hush@b/x' });
  expect(mysqlUrl?.map((url) => url.reveal())).toEqual(['mysql://u:hush@a/x', 'mysql://u:hush@b/x']);
  expect(JSON.stringify(mysqlUrl)).not.toContain('hush');
});

test('[CFG6] an unknown variable of ours is a warning, anybody else’s is nothing', () => {
  const outcome = parse({ MAILROOM_PROT: '1', PATH: '/bin', MAILROOM_PORT: '1', MAILROOM_TEST_FULL: '1' });
  expect(outcome).toMatchObject({
    kind: 'config',
    warnings: ['MAILROOM_PROT: there is no such variable; it is ignored'],
  });
});

test('[CFG7] the configuration and its lists are frozen', () => {
  const made = config({ MAILROOM_ALLOWED_ORIGINS: 'https://a' });
  for (const value of [made, made.allowedOrigins, made.roles, made.trustedProxies]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
});

test('[CFG8] a secret shows itself only when asked', () => {
  const secret = new Secret('hush');
  const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }), Bun.inspect(secret)];
  expect(shown.join('')).not.toContain('hush');
  expect(shown[0]).toBe('[redacted]');
  expect(secret.reveal()).toBe('hush');
});

test('[CFG9] help wins over every problem', () => {
  expect(parse({ MAILROOM_PORT: 'x' }, '--nope', '--help')).toEqual({ kind: 'help' });
  expect(parse({}, '-h')).toEqual({ kind: 'help' });
});

test('[CFG2] no two variables share a name or a flag', () => {
  expect(new Set(VARIABLES.map(flagOf)).size).toBe(VARIABLES.length);
});

test('[CFG12] a choice has the type of its options, not of any text', () => {
  type Same<A, B> = [A, B] extends [B, A] ? true : false;
  const typed: [Same<Config['logFormat'], 'auto' | 'json' | 'text'>, Same<Config['loginPolicy'], 'device' | 'single'>] =
    [true, true];
  expect(typed).toEqual([true, true]);
});
