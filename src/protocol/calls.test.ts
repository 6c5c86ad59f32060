import { describe, expect, test } from 'bun:test';
import { checkCall } from './calls.ts';
import { LIMITS } from './limits.ts';

const outcome = (method: string, params: unknown): string => {
  const checked = checkCall(method, params);
  return checked.ok ? 'ok' : `${checked.fault.code} ${checked.fault.message}`;
};
const post = (changes: object): string =>
  outcome('messages.post', { room: 'r', nonce: 'n', body: Uint8Array.of(1), ...changes });
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `id-${index}`);

describe('params of strangers', () => {
  test('[WIRE20] a method that is not known is unsupported', () => {
    for (const method of ['messages.nothing', '', 'toString', '__proto__']) {
      expect(outcome(method, {})).toStartWith('unsupported');
    }
  });

  test('[WIRE20] params of the wrong type are invalid and named', () => {
    expect(outcome('rooms.join', {})).toBe('invalid room: an id was expected');
    expect(outcome('rooms.join', { room: 7 })).toStartWith('invalid room:');
    expect(outcome('messages.read', { room: 'r', seq: -1 })).toBe('invalid seq: an integer from 0 was expected');
    expect(outcome('messages.read', { room: 'r', seq: 1.5 })).toStartWith('invalid seq:');
    expect(outcome('users.get', { users: ['a', 'b c'] })).toStartWith('invalid users[1]:');
    expect(outcome('hello', { token: 't', resume: { r: [1, 2] } })).toStartWith('invalid resume.r:');
    expect(outcome('hello', { token: 't', resume: { 'a b': 1 } })).toStartWith('invalid resume:');
    expect(post({ body: 'text' })).toStartWith('invalid body:');
    expect(post({ replyTo: 0 })).toStartWith('invalid replyTo:');
    expect(post({ replyTo: null })).toStartWith('invalid replyTo:');
  });

  test('[WIRE21] keys that are not known are let pass', () => {
    expect(outcome('ping', { later: [1] })).toBe('ok');
    expect(post({ later: true })).toBe('ok');
  });

  test('[WIRE22] ids are 1 to 64 of the safe alphabet', () => {
    for (const room of ['r', 'A-Z_0~9', 'r'.repeat(64)]) expect(outcome('rooms.join', { room })).toBe('ok');
    for (const room of ['', 'r'.repeat(65), 'a b', 'é', 'a/b', 'a\n', 'a.b']) {
      expect(outcome('rooms.join', { room })).toStartWith('invalid room:');
    }
  });

  test('[WIRE22] a body is 1 to 65,536 bytes, and a larger one is too large', () => {
    expect(post({ body: new Uint8Array(LIMITS.maxBodyBytes) })).toBe('ok');
    expect(post({ body: new Uint8Array(LIMITS.maxBodyBytes + 1) })).toStartWith('too_large body:');
    expect(post({ body: new Uint8Array(0) })).toStartWith('invalid body:');
  });

  test('[WIRE22] a nonce is 1 to 64 bytes of UTF-8', () => {
    for (const nonce of ['n', 'n'.repeat(64), 'é'.repeat(32), '👋'.repeat(16)]) expect(post({ nonce })).toBe('ok');
    for (const nonce of ['', 'n'.repeat(65), `${'é'.repeat(32)}n`, '👋'.repeat(17)])
      expect(post({ nonce })).toStartWith('invalid nonce:');
  });

  test('[WIRE22] titles and names count code points', () => {
    expect(outcome('rooms.create', { title: '👋'.repeat(128) })).toBe('ok');
    expect(outcome('rooms.create', { title: '' })).toBe('ok');
    for (const sign of ['👋', 'n'])
      expect(outcome('rooms.create', { title: sign.repeat(129) })).toStartWith('invalid title:');
    expect(outcome('users.find', { username: '' })).toStartWith('invalid username:');
  });

  test('[WIRE22] lists have their limits', () => {
    const lists: readonly [(count: number) => string, number][] = [
      [(count) => post({ mentions: ids(count) }), LIMITS.maxMentions],
      [(count) => post({ files: ids(count) }), LIMITS.maxFiles],
      [(count) => outcome('rooms.create', { members: ids(count) }), LIMITS.maxMembersInCreate],
      [(count) => outcome('users.get', { users: ids(count) }), LIMITS.maxUsersInGet],
      [
        (count) => outcome('hello', { token: 't', resume: Object.fromEntries(ids(count).map((id) => [id, 0])) }),
        LIMITS.maxResumeRooms,
      ],
      [(count) => outcome('messages.history', { room: 'r', limit: count }), LIMITS.maxHistoryMessages],
    ];
    for (const [ask, limit] of lists) {
      expect(ask(limit)).toBe('ok');
      expect(ask(limit + 1)).toStartWith('invalid');
    }
  });

  test('[WIRE20] both forms of a position resume', () => {
    expect(outcome('hello', { token: 't', client: 'c/1', resume: { a: 7, b: [7, 0, 'log'] } })).toBe('ok');
  });

  test('[WIRE23] a refusal does not repeat what was sent', () => {
    const secret = 's3cret'.repeat(200);
    for (const answer of [
      outcome('hello', { token: secret }),
      outcome('rooms.join', { room: secret }),
      post({ nonce: secret }),
    ]) {
      expect(answer).toStartWith('invalid');
      expect(answer).not.toContain('s3cret');
    }
  });
});
