/** The whole engine killed outright, again and again, while clients post as fast as it takes posts. */
import { expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { newAccount } from '../../support/http.ts';
import { RawClient } from '../../support/raw-client.ts';
import { startServer, type TestServer } from '../../support/server.ts';
import { PATIENCE_MS } from '../../support/wait.ts';
import { bodyOf, type Fact, Poster } from './poster.ts';
import { startAndKill } from './start-and-kill.ts';

setDefaultTimeout(1_200_000);

const SEED = Number(process.env.MAILROOM_TEST_SEED ?? Date.now() % 1_000_000);
const KILLS = 22;
/** One round in so many ends in good order, under the same load. */
const ROUNDS_A_STOP = 8;
const POSTS = 20_000;
/** Acknowledgements after which a kill comes, at most; one kill in five comes while clients are still greeting. */
const MAX_ACKNOWLEDGED = 1_900;
/** Starts that are killed before they are done, and how long they get at most. */
const BROKEN_STARTS = 2;
const BROKEN_START_MS = 700;
const CLIENTS = 4;
const ROOMS = 3;
const WINDOW = 32;

/** A number in [0, 1), from the seed. */
function chanceFrom(seed: number): () => number {
  let state = seed % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What was promised, gathered as it came. */
class Promises {
  readonly acknowledged: Fact[] = [];
  readonly broken: string[] = [];
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => {};

  add(fact: Fact): void {
    this.acknowledged.push(fact);
    if (this.acknowledged.length >= this.#wanted) this.#reached();
  }

  /** Resolves once there are `count` acknowledgements in all. */
  async reach(count: number, server: TestServer): Promise<void> {
    if (this.acknowledged.length >= count) return;
    let bound: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wanted = count;
      this.#reached = resolve;
      const stalled = (): void =>
        reject(new Error(`${this.acknowledged.length} of ${count} posts acknowledged; the engine: ${server.errors()}`));
      bound = setTimeout(stalled, PATIENCE_MS);
    }).finally(() => clearTimeout(bound));
    this.#wanted = Number.POSITIVE_INFINITY;
  }
}

async function makePosters(url: string, promises: Promises): Promise<Poster[]> {
  const names = Array.from({ length: CLIENTS }, (_, index) => `user${index}`);
  const accounts = await Promise.all(names.map((name) => newAccount(url, name)));
  const owner = await RawClient.greet(url, accounts[0]?.token ?? '');
  const members = accounts.slice(1).map(({ id }) => id);
  const rooms: string[] = [];
  for (let index = 0; index < ROOMS; index += 1) {
    const { room } = await owner.ok('rooms.create', { title: `room ${index}`, members });
    rooms.push(room);
  }
  await owner.close();
  return accounts.map(
    ({ token }, index) =>
      new Poster({
        name: names[index] ?? '',
        token,
        rooms,
        window: WINDOW,
        acknowledged: (fact) => promises.add(fact),
        broken: (what) => promises.broken.push(what),
      }),
  );
}

/** All of a room as the engine has it, checked to be 1, 2, 3 …: the nonce at each seq. */
async function readRoom(client: RawClient, room: string): Promise<string[]> {
  const nonces: string[] = [];
  for (;;) {
    const page = await client.ok('messages.history', { room, after: nonces.length, limit: 200 });
    for (const { seq, nonce, body } of page.messages) {
      nonces.push(nonce);
      if (seq !== nonces.length) throw new Error(`${room} has ${seq} where ${nonces.length} belongs`);
      if (Buffer.compare(body, bodyOf(nonce)) !== 0) throw new Error(`${room} ${seq} has another body`);
    }
    if (!page.more) return nonces;
  }
}

/** Facts that the rooms do not agree with. */
function contradicted(facts: readonly Fact[], rooms: ReadonlyMap<string, readonly string[]>): Fact[] {
  return facts.filter(({ room, seq, nonce }) => rooms.get(room)?.[seq - 1] !== nonce);
}

test(`[LIFE1] nothing that was acknowledged is lost, moved or doubled by kill -9 under load (seed ${SEED})`, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mailroom-kill-'));
  const chance = chanceFrom(SEED);
  const promises = new Promises();
  const began = performance.now();
  const port = await freePort();
  let server = await startServer({ dataDir, port });
  try {
    const posters = await makePosters(server.url, promises);
    const { token, rooms } = posters[0]?.identity ?? { token: '', rooms: [] };
    let kills = 0;
    let early = 0;
    let stops = 0;
    while (kills < KILLS || promises.acknowledged.length < POSTS) {
      const connecting = posters.map((poster) => poster.connect(server.url));
      if (chance() < 0.2) early += 1;
      else {
        expect(await Promise.all(connecting)).toEqual(posters.map(() => true));
        await promises.reach(promises.acknowledged.length + 1 + Math.floor(chance() * MAX_ACKNOWLEDGED), server);
      }
      if (kills % ROUNDS_A_STOP === ROUNDS_A_STOP - 1) {
        expect(await server.stop()).toBe(0);
        stops += 1;
      } else await server.kill();
      kills += 1;
      await Promise.all(connecting);
      await Promise.all(posters.map((poster) => poster.gone()));
      if (kills <= BROKEN_STARTS) await startAndKill(dataDir, port, chance() * BROKEN_START_MS);
      server = await startServer({ dataDir, port });
    }
    for (const poster of posters) poster.finish();
    await Promise.all(posters.map((poster) => poster.connect(server.url)));
    const pending = posters.reduce((sum, poster) => sum + poster.pending, 0);
    await promises.reach(promises.acknowledged.length + pending, server);
    const loadMs = performance.now() - began;

    using reader = await RawClient.greet(server.url, token);
    const stored = new Map<string, string[]>();
    for (const room of rooms) stored.set(room, await readRoom(reader, room));
    const total = [...stored.values()].reduce((sum, nonces) => sum + nonces.length, 0);
    const delivered = posters.flatMap((poster) => poster.delivered);
    const sum = (of: (poster: Poster) => number): number => posters.reduce((all, poster) => all + of(poster), 0);
    console.log(
      `seed ${SEED}: ${kills - stops} kills, ${stops} stops (${early} while greeting), ${BROKEN_STARTS} broken starts, ` +
        `${promises.acknowledged.length} posts acknowledged, ${total} stored, ${sum((p) => p.repeated)} repeated, ` +
        `${sum((p) => p.refusals)} refused, ${delivered.length} delivered, ${sum((p) => p.gaps)} gaps, ` +
        `${(loadMs / 1000).toFixed(1)} s`,
    );
    expect(promises.broken).toEqual([]);
    expect(contradicted(promises.acknowledged, stored)).toEqual([]);
    expect(contradicted(delivered, stored)).toEqual([]);
    for (const nonces of stored.values()) expect(new Set(nonces).size).toBe(nonces.length);
    // Every post was repeated until it was acknowledged, so what is stored and what was acknowledged are one and the same.
    expect(total).toBe(promises.acknowledged.length);
    expect(kills - stops).toBeGreaterThanOrEqual(20);
    expect(total).toBeGreaterThanOrEqual(POSTS);
  } finally {
    await server.kill();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
