import { expect, test } from 'bun:test';
import { StorageFault } from '../ports/faults.ts';
import { addressOf, parseTargets } from './target.ts';

test('[SQL8] an address names a server, a user and a database; a list names several', () => {
  const [first, second] = parseTargets(
    'mysql://ann:p%40ss%2Fword@db.example/mailroom, mysql://[::1]:3307/other?ssl-mode=VERIFY_IDENTITY',
  );
  expect(first).toEqual({
    host: 'db.example',
    port: 3306,
    user: 'ann',
    password: 'p@ss/word',
    database: 'mailroom',
    tls: 'disabled',
  });
  expect(second).toMatchObject({ host: '::1', port: 3307, user: '', tls: 'verify-identity' });
  expect(addressOf(second as { host: string; port: number })).toBe('[::1]:3307');
});

test('[SQL8] an address that does not fit is refused without its password', () => {
  const wrong = [
    '',
    'redis://u:hush@h/db',
    'mysql://u:hush@h',
    'mysql://u:hush@h/a/b',
    'mysql://u:hush@h/db?ssl-mode=maybe',
    'mysql://u:hush@h/db?charset=latin1',
    'mysql://u:hush@h/db,',
  ];
  for (const urls of wrong) {
    let thrown: unknown;
    try {
      parseTargets(urls);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(StorageFault);
    expect(thrown).toMatchObject({ code: 'refused' });
    expect(Bun.inspect(thrown)).not.toContain('hush');
  }
});
