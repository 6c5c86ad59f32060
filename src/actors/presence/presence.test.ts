import { describe, expect, test } from 'bun:test';
import { decodeReplies } from '../../protocol/envelope.ts';
import { evenPlacement, pinnedId } from '../../runtime/placement.ts';
import { DEFAULT_SETTINGS } from '../../storage/ports/people.ts';
import { Probe } from '../../testkit/probe.ts';
import { TestShard } from '../../testkit/test-shard.ts';
import { personKind } from '../person/messages.ts';
import { person } from '../person/person.ts';
import { sessionKind } from '../session/messages.ts';
import { peopleKind } from '../storage/people.ts';
import type { PresenceBook } from './book.ts';
import { presenceKind } from './messages.ts';
import { presence } from './presence.ts';

const AWAY = { code: 'unavailable', message: 'storage is not available', retryAfter: 1_000 };
const NEVER_CHANGED = { settings: DEFAULT_SETTINGS, blocked: [], contacts: [], lastSeen: 0 };

/** One thread with its persons, and sessions that write down what they are told. */
function bed() {
  const shard = new TestShard({ placement: evenPlacement(1, { people: 0 }) });
  const people = new Probe(shard, peopleKind, 'all');
  people.answer('visibility', () => NEVER_CHANGED);
  people.answer('saveSeen', () => undefined);
  const sessions = new Probe(shard, sessionKind, pinnedId(0, 0));
  const book: PresenceBook = new Map();
  const behind = new Set<number>();
  shard.register(personKind, person(book));
  const sockets = { isBehind: (socket: number) => behind.has(socket) };
  shard.register(presenceKind, presence({ sockets, book, mirrored: false }));
  const ref = shard.ref(presenceKind, pinnedId(0, 0));
  const follow = (session: number, users: readonly string[]) =>
    shard.ask(ref, { type: 'follow', session, watcher: `watcher-${session}`, users });
  const come = (user: string, socket = 9_000) =>
    shard.tell(shard.ref(personKind, user), { type: 'here', session: pinnedId(0, socket), state: 'online' });
  const go = (user: string, socket = 9_000) =>
    shard.tell(shard.ref(personKind, user), { type: 'gone', session: pinnedId(0, socket) });
  let heard = 0;
  /** What the sessions were told since the last time: a message each, with its notifications. */
  const told = (): { readonly session: string; readonly states: readonly string[] }[] => {
    const news = sessions.waiting.slice(heard);
    heard += news.length;
    return news.map(({ id, message }) => ({
      session: id,
      states: decodeReplies(message.type === 'notify' ? message.frame : new Uint8Array()).map((reply) =>
        reply.type === 'notification' ? `${reply.params.user} ${reply.params.state}` : 'a response',
      ),
    }));
  };
  return { shard, people, book, behind, ref, follow, come, go, told };
}

describe('presence', () => {
  test('[PRS1] 3,000 who come back at once are told to those who look at them, once each, and to nobody else', async () => {
    const { shard, follow, come, told } = bed();
    const users = Array.from({ length: 3_000 }, (_, index) => `user-${index}`);
    const onScreen = (session: number): string[] =>
      Array.from({ length: 30 }, (_, row) => users[session * 17 + row] ?? '');
    const watchers = Array.from({ length: 100 }, (_, session) => session);
    for (const session of watchers) {
      const reply = await follow(session, onScreen(session));
      expect(reply).toMatchObject({ ok: true });
    }
    for (const user of users) come(user);
    shard.advance(1_000);
    const messages = told();
    expect(messages).toHaveLength(watchers.length);
    expect(messages.reduce((sum, { states }) => sum + states.length, 0)).toBe(watchers.length * 30);
    for (const { session, states } of messages) {
      const expected = onScreen(Number(session.split('.')[1])).map((user) => `${user} online`);
      expect([...states].sort()).toEqual(expected.sort());
    }
    shard.advance(60_000);
    expect(told()).toEqual([]);
  });

  test('[PRS2] who comes back within the grace was not away; who does not is offline, and it is stored when', async () => {
    const { shard, people, follow, come, go, told } = bed();
    await follow(1, ['ann']);
    come('ann');
    shard.advance(1_000);
    expect(told()).toEqual([{ session: '0.1', states: ['ann online'] }]);
    go('ann');
    shard.advance(4_000);
    come('ann', 9_001);
    shard.advance(10_000);
    expect(told()).toEqual([]);
    const leftAt = shard.clock.wallMs();
    go('ann', 9_001);
    shard.advance(10_000);
    expect(told()).toEqual([{ session: '0.1', states: ['ann offline'] }]);
    const saved = people.waiting.flatMap(({ message }) => (message.type === 'saveSeen' ? message.args : []));
    expect(saved.at(-1)).toEqual([{ user: 'ann', at: leftAt }]);
  });

  test('[PRS3] what was lost on its way is found when the lease is renewed', async () => {
    const { shard, book, follow, come, told } = bed();
    await follow(1, ['ann', 'bob']);
    come('bob');
    shard.advance(1_000);
    told();
    // The person's shard has forgotten who watches, as after a crash; the change is told to nobody.
    book.get('ann')?.threads.clear();
    come('ann');
    shard.advance(1_000);
    expect(told()).toEqual([]);
    shard.advance(5_000);
    expect(told()).toEqual([{ session: '0.1', states: ['ann online'] }]);
  });

  test('[PRS4] a session that is behind is told the last state, once it has caught up', async () => {
    const { shard, behind, follow, come, go, told } = bed();
    await follow(1, ['ann']);
    behind.add(1);
    come('ann');
    shard.advance(1_000);
    go('ann');
    shard.advance(10_000);
    expect(told()).toEqual([]);
    behind.delete(1);
    shard.advance(1_000);
    expect(told()).toEqual([{ session: '0.1', states: ['ann offline'] }]);
  });

  test('[PRS5] while it cannot be read who may see a user nobody does, and then those who follow are told', async () => {
    const { shard, people, follow, come, told } = bed();
    people.fail('visibility', AWAY);
    come('ann');
    expect(await follow(1, ['ann'])).toMatchObject({ ok: true, value: { states: [] } });
    shard.advance(20_000);
    expect(told()).toEqual([]);
    people.answer('visibility', () => NEVER_CHANGED);
    shard.advance(15_000);
    expect(told()).toEqual([{ session: '0.1', states: ['ann online'] }]);
    expect(shard.log.lines).toEqual([]);
  });
});
