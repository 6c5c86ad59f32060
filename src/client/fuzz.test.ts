import { describe, expect, test } from 'bun:test';
import type { Fault, FaultCode } from '../protocol/faults.ts';
import type { MailroomClient } from './client.ts';
import { localStorageOutbox } from './outbox-store.ts';
import type { Meddler } from './testing/fake-server.ts';
import { bodyOf, textOf, World } from './testing/world.ts';
import type { Message } from './wire.ts';

const users = ['ann', 'bob', 'cid'];
const rooms = ['r1', 'r2', 'r3'];
const stepsPerRun = 250;

interface Actor {
  readonly user: string;
  readonly client: MailroomClient;
  readonly delivered: Map<string, Message[]>;
  /** Texts by room, in the order of writing, without those that were refused for good. */
  readonly written: Map<string, string[]>;
  readonly refused: Set<string>;
}

function startActor(world: World, user: string, postsInFlight: number): Actor {
  const client = world.client(user, { postsInFlight });
  const actor = { user, client, delivered: new Map(), written: new Map(), refused: new Set<string>() };
  for (const room of rooms) {
    actor.delivered.set(room, []);
    actor.written.set(room, []);
  }
  client.on('message', (message) => actor.delivered.get(message.room)?.push(message));
  client.on('outbox', (event) => {
    if (event.state === 'rejected') actor.refused.add(new TextDecoder().decode(event.post.body));
  });
  client.connect();
  return actor;
}

/** A network and a server in a bad mood: everything that the protocol allows to go wrong does, by `chance`. */
function badMood(random: () => number): Meddler {
  const oneOf = (codes: readonly FaultCode[]): Fault => ({
    code: codes[Math.floor(random() * codes.length)] ?? 'unavailable',
    message: 'a bad mood',
    ...(random() < 0.5 ? { retryAfter: Math.floor(random() * 800) } : {}),
  });
  return {
    before: (method) => {
      const roll = random();
      if (method === 'messages.post') {
        if (roll < 0.03) return oneOf(['forbidden', 'invalid', 'internal']);
        return roll < 0.25 ? oneOf(['unavailable', 'overloaded', 'rate_limited']) : undefined;
      }
      return roll < 0.15 ? oneOf(['unavailable', 'overloaded']) : undefined;
    },
    afterPost: () => (random() < 0.15 ? oneOf(['unavailable']) : undefined),
    copies: () => (random() < 0.1 ? 0 : random() < 0.1 ? 2 : 1),
    onResume: () => (random() < 0.4 ? 'gap' : random() < 0.1 ? 'nothing' : 'push'),
  };
}

async function step(world: World, actors: readonly Actor[], count: number): Promise<void> {
  const { random } = world;
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const roll = random();
  const actor = pick(actors);
  if (roll < 0.6) {
    const room = pick(rooms);
    const text = `${actor.user} ${room} ${count}`;
    actor.written.get(room)?.push(text);
    actor.client.post(room, bodyOf(text));
  } else if (roll < 0.7) {
    for (const socket of world.sockets(actor.user)) {
      if (random() < 0.7) socket.cut();
      else if (random() < 0.5) socket.freeze();
      else socket.close(pick([4408, 4429, 4503]));
    }
  } else if (roll < 0.75) {
    actor.client.wake();
  }
  await world.clock.advance(Math.floor(random() * 120));
}

async function run(seed: number, postsInFlight: number): Promise<{ world: World; actors: Actor[] }> {
  const world = new World(seed);
  for (const room of rooms) world.server.room(room, ...users);
  const actors = users.map((user) => startActor(world, user, postsInFlight));
  // The view of a client begins with its first greeting, so the disorder does too.
  await world.until(() => actors.every((actor) => actor.client.state.kind === 'ready'));
  world.server.meddler = badMood(world.random);
  for (let count = 0; count < stepsPerRun; count++) await step(world, actors, count);
  world.server.meddler = {};
  await world.until(() => actors.every((actor) => actor.client.pendingPosts().length === 0));
  await world.until(() => actors.every((actor) => actor.client.state.kind === 'ready'));
  // A lost message shows with the next one of its room.
  for (const room of rooms) world.server.store(room, 'system', `end of ${room}`, bodyOf(`end of ${room}`));
  const done = (actor: Actor) => rooms.every((room) => actor.delivered.get(room)?.some((m) => m.from === 'system'));
  await world.until(() => actors.every(done));
  return { world, actors };
}

function checkView(world: World, actors: readonly Actor[]): void {
  for (const room of rooms) {
    const truth = world.server.rooms.get(room)?.messages ?? [];
    for (const actor of actors) {
      expect(actor.delivered.get(room)?.map((m) => [m.seq, m.nonce, textOf(m)])).toEqual(
        truth.map((m) => [m.seq, m.nonce, textOf(m)]),
      );
    }
  }
}

describe('under a bad network', () => {
  test.each(Array.from({ length: 12 }, (_, index) => index + 1))(
    '[CLI60] every client sees what the server has, and every post is there once and in its writer’s order (seed %i)',
    async (seed) => {
      const { world, actors } = await run(seed, 1);
      checkView(world, actors);
      for (const actor of actors) {
        for (const room of rooms) {
          const stored = world.server.rooms
            .get(room)
            ?.messages.filter((m) => m.from === actor.user)
            .map(textOf);
          // A post that was refused for good may still have been stored by an attempt whose answer was lost.
          const certain = actor.written.get(room)?.filter((text) => !actor.refused.has(text));
          expect(stored?.filter((text) => !actor.refused.has(text))).toEqual(certain ?? []);
          expect(new Set(stored).size).toBe(stored?.length ?? 0);
        }
      }
      expect(world.server.seen.filter((call) => call.method === 'hello').length).toBeGreaterThan(users.length);
    },
  );

  test.each([101, 102, 103, 104])(
    '[CLI61] with several posts on the wire each is still stored once, and every client sees what the server has (seed %i)',
    async (seed) => {
      const { world, actors } = await run(seed, 16);
      checkView(world, actors);
      for (const actor of actors) {
        const stored = rooms.flatMap((room) => world.server.rooms.get(room)?.messages ?? []);
        const own = stored.filter((m) => m.from === actor.user).map(textOf);
        const certain = [...actor.written.values()].flat().filter((text) => !actor.refused.has(text));
        expect(own.filter((text) => !actor.refused.has(text)).sort()).toEqual(certain.sort());
      }
    },
  );

  test.each([201, 202, 203])('[CLI62] posts outlive their client in the store, once each (seed %i)', async (seed) => {
    const world = new World(seed);
    world.server.room('r', 'ann');
    const items = new Map<string, string>();
    const outboxStore = localStorageOutbox(
      {
        get length() {
          return items.size;
        },
        key: (index) => [...items.keys()][index] ?? null,
        getItem: (key) => items.get(key) ?? null,
        setItem: (key, value) => items.set(key, value),
        removeItem: (key) => items.delete(key),
      },
      'o.',
    );
    world.server.meddler = badMood(world.random);
    const written: string[] = [];
    const refused = new Set<string>();
    for (let life = 0; life < 20; life++) {
      const client = world.client('ann', { outboxStore });
      client.on('outbox', (event) => {
        if (event.state === 'rejected') refused.add(new TextDecoder().decode(event.post.body));
      });
      client.connect();
      for (let n = 0; n < 3; n++) {
        const text = `${life}.${n}`;
        written.push(text);
        client.post('r', bodyOf(text));
        await world.clock.advance(Math.floor(world.random() * 60));
      }
      client.close();
    }
    world.server.meddler = {};
    const { client } = await world.connected('ann', { outboxStore });
    await world.until(() => client.pendingPosts().length === 0 && items.size === 0);
    const stored = world.server.rooms.get('r')?.messages.map(textOf) ?? [];
    expect(stored.filter((text) => !refused.has(text))).toEqual(written.filter((text) => !refused.has(text)));
    expect(new Set(stored).size).toBe(stored.length);
  });
});
