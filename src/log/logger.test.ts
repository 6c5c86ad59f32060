import { expect, test } from 'bun:test';
import { createLogger, type LoggerOptions, resolveFormat } from './logger.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

function logTo(lines: string[], options: Partial<LoggerOptions> = {}) {
  return createLogger({ level: 'info', format: 'json', sink: (line) => lines.push(line), now: () => AT, ...options });
}

test('[LGR1] an entry below the level is not written, and `enabled` says so', () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
  expect([log.enabled('info'), log.enabled('warn')]).toEqual([false, true]);
});

test('[LGR2] a JSON entry is one line with time, level, message and fields', () => {
  const lines: string[] = [];
  logTo(lines).info('listening\nnow', { port: 80, note: 'a\nb', level: 'forged', nothing: undefined });
  expect(lines[0]).not.toContain('\n');
  expect(JSON.parse(lines[0]!)).toEqual({
    time: '2026-01-02T03:04:05.006Z',
    level: 'info',
    message: 'listening\nnow',
    port: 80,
    note: 'a\nb',
  });
});

test('[LGR2] a text entry is one line that a message cannot split', () => {
  const lines: string[] = [];
  logTo(lines, { format: 'text' }).warn('slow\n00:00 INFO forged', { ms: 12, path: 'room/a', text: 'two words' });
  expect(lines).toEqual(['03:04:05.006 WARN  slow 00:00 INFO forged ms=12 path=room/a text="two words"']);
});

test('[LGR3] children add their fields, and the nearest wins', () => {
  const lines: string[] = [];
  logTo(lines).child({ node: 1, shard: 1 }).child({ shard: 2 }).info('x', { kind: 'room' });
  expect(JSON.parse(lines[0]!)).toMatchObject({ node: 1, shard: 2, kind: 'room' });
});

test('[LGR4] tokens, passwords, authorization and bodies are never written, at any depth', () => {
  const lines: string[] = [];
  const hush = 'hush-hush';
  logTo(lines).error('x', {
    token: hush,
    userToken: hush,
    headers: [{ Authorization: hush, Cookie: hush }],
    login: { oldPassword: hush, deeper: { body: hush, messageBody: hush } },
    map: new Map([['password', hush]]),
    bytes: new TextEncoder().encode(hush),
    bodyBytes: 9,
    somebody: 'ann',
  });
  expect(lines[0]).not.toContain(hush);
  expect(JSON.parse(lines[0]!)).toMatchObject({ bytes: '[9 bytes]', bodyBytes: 9, somebody: 'ann' });
});

test('[LGR5] an error keeps its name, message, code, stack and cause', () => {
  const lines: string[] = [];
  const error = new Error('outer', { cause: Object.assign(new TypeError('inner'), { code: 'E_X' }) });
  logTo(lines).error('failed', { error });
  const written = JSON.parse(lines[0]!).error;
  expect(written).toMatchObject({ name: 'Error', message: 'outer', cause: { name: 'TypeError', code: 'E_X' } });
  expect(written.stack).toContain('logger.test.ts');
});

test('[LGR6] a cycle, a deep value, a wide one and a long one are cut, and nothing throws', () => {
  const lines: string[] = [];
  const cycle: Record<string, unknown> = { big: 10n, fn: () => 1, nan: Number.NaN, sym: Symbol('s') };
  cycle.self = cycle;
  let deep: unknown = 'bottom';
  for (let level = 0; level < 100; level += 1) deep = { deep };
  const wide = Array.from({ length: 1_000 }, (_, index) => index);
  logTo(lines).info('x', { cycle, deep, wide, long: 'y'.repeat(100_000) });
  const entry = JSON.parse(lines[0]!);
  expect(entry.cycle).toEqual({ big: '10', fn: '[function]', nan: 'NaN', sym: 'Symbol(s)', self: '[circular]' });
  expect(lines[0]).not.toContain('bottom');
  expect(entry.wide).toHaveLength(51);
  expect(lines[0]!.length).toBeLessThan(6_000);
});

test('[LGR7] `auto` is text on a terminal and JSON elsewhere', () => {
  expect([resolveFormat('auto', true), resolveFormat('auto', false), resolveFormat('json', true)]).toEqual([
    'text',
    'json',
    'json',
  ]);
});
