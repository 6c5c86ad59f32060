import { describe, expect, test } from 'bun:test';
import { MailroomError } from './errors.ts';
import type { OutboxEvent } from './outbox.ts';
import { type KeyValueStorage, localStorageOutbox } from './outbox-store.ts';
import { bodyOf, textOf, World } from './testing/world.ts';

function memoryStorage(): KeyValueStorage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

const texts = (world: World, room = 'r') => world.server.rooms.get(room)?.messages.map(textOf);

describe('posts', () => {
  test('[CLI21] posts of a room arrive in the order of writing, whatever is lost or refused', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    let calls = 0;
    world.server.meddler = {
      before: (method) => {
        if (method !== 'messages.post') return undefined;
        return ++calls % 3 === 0 ? { code: 'overloaded', message: 'busy' } : undefined;
      },
      afterPost: () => (calls % 4 === 0 ? { code: 'unavailable', message: 'outcome unknown' } : undefined),
    };
    const written = Array.from({ length: 30 }, (_, index) => `text ${index}`);
    for (const text of written) client.post('r', bodyOf(text));
    await world.clock.advance(30);
    world.sockets('ann')[0]?.cut();
    await world.until(() => client.pendingPosts().length === 0);
    expect(texts(world)).toEqual(written);
  });

  test('[CLI22] a post whose answer is lost is repeated with its nonce and stored once', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    world.server.meddler = {
      copies: () => 0,
      afterPost: () => {
        world.sockets('ann')[0]?.cut();
        return undefined;
      },
    };
    const post = client.post('r', bodyOf('once'));
    await world.until(() => client.state.kind === 'waiting');
    world.server.meddler = {};
    await world.until(() => client.pendingPosts().length === 0);
    expect(texts(world)).toEqual(['once']);
    expect((await post.done).seq).toBe(1);
  });

  test('[CLI23] a refused post is not repeated before the server wants it', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    let refusals = 1;
    world.server.meddler = {
      before: (method) =>
        method === 'messages.post' && refusals-- > 0
          ? { code: 'rate_limited', message: 'slowly', retryAfter: 5_000 }
          : undefined,
    };
    const start = world.clock.now();
    client.post('r', bodyOf('patient'));
    await world.until(() => client.pendingPosts().length === 0);
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(5_000);
    expect(world.server.seen.filter((call) => call.method === 'messages.post')).toHaveLength(2);
  });

  test('[CLI24] a refusal for good rejects its own post, and the others go on', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    let posts = 0;
    world.server.meddler = {
      before: (method) =>
        method === 'messages.post' && ++posts === 2 ? { code: 'forbidden', message: 'not this one' } : undefined,
    };
    const events: OutboxEvent[] = [];
    client.on('outbox', (event) => events.push(event));
    const sent = ['a', 'b', 'c'].map((text) => client.post('r', bodyOf(text)));
    await world.until(() => client.pendingPosts().length === 0);
    expect(texts(world)).toEqual(['a', 'c']);
    await expect(sent[1]?.done as Promise<unknown>).rejects.toMatchObject({ code: 'forbidden' });
    expect(events.filter((event) => event.state === 'rejected').map((event) => event.post.nonce)).toEqual([
      sent[1]?.nonce ?? '',
    ]);
  });

  test('[CLI25] the own message that comes back acknowledges the post whose answer is missing', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const { client } = await world.connected('ann');
    world.server.meddler = {
      afterPost: () => ({ code: 'unavailable', message: 'outcome unknown', retryAfter: 60_000 }),
    };
    const post = client.post('r', bodyOf('seen'));
    await world.until(() => client.pendingPosts().length === 0, 1_000);
    expect((await post.done).seq).toBe(1);
  });

  test('[CLI26] a store brings unsent posts into the next client, ahead of its own', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const storage = memoryStorage();
    const outboxStore = localStorageOutbox(storage, 'outbox.ann.');
    const first = world.client('ann', { outboxStore });
    first.post('r', bodyOf('before the reload'));
    first.close();
    expect(storage.length).toBe(1);
    const { client } = await world.connected('ann', { outboxStore });
    client.post('r', bodyOf('after it'));
    await world.until(() => client.pendingPosts().length === 0 && world.server.rooms.get('r')?.messages.length === 2);
    expect(texts(world)).toEqual(['before the reload', 'after it']);
    expect(storage.length).toBe(0);
  });

  test('[CLI26] a post is kept with its bytes, and what is not a post in the storage is left alone', () => {
    const storage = memoryStorage();
    const store = localStorageOutbox(storage, 'outbox.');
    const body = Uint8Array.from({ length: 256 }, (_, index) => index);
    store.put({ nonce: 'n', room: 'r', body, queuedAt: 5, replyTo: 3, mentions: ['bob'] });
    storage.setItem('other', 'thing');
    storage.setItem('outbox.odd', '{"nonce":1}');
    expect(store.load()).toEqual([{ nonce: 'n', room: 'r', body, queuedAt: 5, replyTo: 3, mentions: ['bob'] }]);
  });

  test('[CLI27] a full queue refuses a post at once', () => {
    const world = new World();
    const client = world.client('ann');
    for (let n = 0; n < 500; n++) client.post('r', bodyOf('x'));
    expect(() => client.post('r', bodyOf('one too many'))).toThrow(MailroomError);
    expect(client.post('other', bodyOf('elsewhere')).room).toBe('other');
  });

  test('[CLI28] discarded posts are rejected and leave the store', async () => {
    const world = new World();
    const storage = memoryStorage();
    const client = world.client('ann', { outboxStore: localStorageOutbox(storage, 'o.') });
    const post = client.post('r', bodyOf('never mind'));
    client.discardPosts();
    await expect(post.done).rejects.toMatchObject({ code: 'unavailable' });
    expect(storage.length).toBe(0);
  });

  test('[CLI29] a store that fails costs only the persistence', async () => {
    const world = new World();
    world.server.room('r', 'ann');
    const full = () => {
      throw new Error('quota');
    };
    const { client } = await world.connected('ann', { outboxStore: { load: () => [], put: full, remove: full } });
    const failures: unknown[] = [];
    client.on('storeFailed', ({ error }) => failures.push(error));
    client.post('r', bodyOf('kept in memory'));
    await world.until(() => client.pendingPosts().length === 0);
    expect(texts(world)).toEqual(['kept in memory']);
    expect(failures).toHaveLength(2);
  });
});
