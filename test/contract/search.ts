/** What every search index does, whatever it is made of. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Search, SearchableMessage, SearchHit, SearchQuery } from '../../src/storage/ports/search.ts';
import { termsOf, WORDS_VERSION, wordsOf } from '../../src/storage/ports/search-words.ts';
import { faultOf } from './fault-of.ts';
import { MemorySearch } from './memory-search.ts';

/** An empty index. It may be opened again after it was closed. */
export interface SearchDriver extends AsyncDisposable {
  open(): Search | Promise<Search>;
}

interface OpenSearch extends AsyncDisposable {
  search: Search;
  reopen(): Promise<void>;
}

const AT = 1_700_000_000_000;

const message = (seq: number, text: string, overrides: Partial<SearchableMessage> = {}): SearchableMessage => ({
  seq,
  sender: 'ann',
  at: AT + seq,
  tokens: wordsOf(text),
  ...overrides,
});

async function add(search: Search, room: string, ...messages: readonly SearchableMessage[]): Promise<void> {
  const seq = Math.max(...messages.map((each) => each.seq));
  await search.index({ position: { room, seq, change: 0 }, messages });
}

/** Room and seq of what is found, in the order of the pages. */
async function found(search: Search, text: string, query: Partial<SearchQuery> = {}): Promise<string[]> {
  const hits: SearchHit[] = [];
  const seen = new Set<string>();
  const all = { terms: termsOf(text), rooms: ['r'], limit: 100, ...query };
  for (let cursor: string | undefined; ; ) {
    const page = await search.search(cursor === undefined ? all : { ...all, cursor });
    expect(page.hits.length).toBeLessThanOrEqual(all.limit);
    hits.push(...page.hits);
    cursor = page.cursor;
    if (cursor === undefined) break;
    expect(seen.has(cursor)).toBe(false);
    seen.add(cursor);
  }
  return hits.map(({ room, seq }) => `${room} ${seq}`);
}

export function searchContract(name: string, makeDriver: () => SearchDriver | Promise<SearchDriver>): void {
  const open = async (): Promise<OpenSearch> => {
    const driver = await makeDriver();
    const opened: OpenSearch = {
      search: await driver.open(),
      async reopen() {
        await opened.search.close();
        opened.search = await driver.open();
      },
      async [Symbol.asyncDispose]() {
        await opened.search.close();
        await driver[Symbol.asyncDispose]();
      },
    };
    await opened.search.prepare(WORDS_VERSION, false);
    return opened;
  };

  describe(`search: ${name}`, () => {
    findRules(open);
    positionRules(open);
    modelRule(open);
  });
}

function findRules(open: () => Promise<OpenSearch>): void {
  test('[SRC3] words are found whole and by their beginnings, all of them, newest first', async () => {
    await using opened = await open();
    const { search } = opened;
    await add(search, 'r', message(1, 'Hello world'), message(2, 'hello there'), message(3, 'nothing'));
    expect(await found(search, 'HELLO')).toEqual(['r 2', 'r 1']);
    expect(await found(search, 'hel wor')).toEqual(['r 1']);
    expect(await found(search, 'ello')).toEqual([]);
    expect(await found(search, 'a')).toEqual([]);
  });

  test('[SRC3] words that servers leave out, short ones and operators are found as any other', async () => {
    await using opened = await open();
    const { search } = opened;
    await add(search, 'r', message(1, 'the way it is'), message(2, 'a and b or not c'), message(3, 'x1 +y "z" ~w*'));
    expect(await found(search, 'the')).toEqual(['r 1']);
    expect(await found(search, 'it is')).toEqual(['r 1']);
    for (const query of ['a', 'and', 'or', 'not', 'c']) expect(await found(search, query)).toEqual(['r 2']);
    for (const query of ['x1', 'y', 'z', 'w', '+y', '"z"']) expect(await found(search, query)).toEqual(['r 3']);
    expect(await found(search, 'NEAR(a b)')).toEqual([]);
  });

  test('[SRC3] text without spaces is found by one character, two, and more', async () => {
    await using opened = await open();
    const { search } = opened;
    await add(search, 'r', message(1, '今天天气很好'), message(2, '明天见'), message(3, 'ラーメン屋'));
    expect(await found(search, '天')).toEqual(['r 2', 'r 1']);
    expect(await found(search, '天气')).toEqual(['r 1']);
    expect(await found(search, '明天')).toEqual(['r 2']);
    expect(await found(search, '今天天气')).toEqual(['r 1']);
    expect(await found(search, 'ーメ')).toEqual(['r 3']);
    expect(await found(search, '气天')).toEqual([]);
  });

  test('[SRC4] only the rooms, the sender and the time that are asked for', async () => {
    await using opened = await open();
    const { search } = opened;
    await add(search, 'r', message(1, 'word'), message(2, 'word', { sender: 'bob' }));
    await add(search, 'R', message(5, 'word'));
    await add(search, 's', message(9, 'word', { sender: 'Bob' }));
    expect(await found(search, 'word', { rooms: ['r', 's'] })).toEqual(['s 9', 'r 2', 'r 1']);
    expect(await found(search, 'word', { rooms: ['R'] })).toEqual(['R 5']);
    expect(await found(search, 'word', { rooms: ['nowhere'] })).toEqual([]);
    expect(await found(search, 'word', { rooms: [] })).toEqual([]);
    expect(await found(search, 'word', { rooms: ['r', 's'], sender: 'bob' })).toEqual(['r 2']);
    expect(await found(search, 'word', { rooms: ['r', 'R', 's'], before: AT + 5 })).toEqual(['r 2', 'r 1']);
    expect((await search.search({ terms: termsOf('word'), rooms: ['s'], limit: 1 })).hits).toEqual([
      { room: 's', seq: 9, sender: 'Bob', at: AT + 9 },
    ]);
  });

  test('[SRC4] a thousand rooms are looked through at once', async () => {
    await using opened = await open();
    const { search } = opened;
    const rooms = Array.from({ length: 1_000 }, (_, index) => `room-${index}`);
    for (const room of ['room-3', 'room-998', 'elsewhere']) await add(search, room, message(1, 'word'));
    expect((await found(search, 'word', { rooms })).sort()).toEqual(['room-3 1', 'room-998 1']);
  });

  test('[SRC5] pages make up the whole, without a repeat, also of messages of one time', async () => {
    await using opened = await open();
    const { search } = opened;
    const seqs = Array.from({ length: 25 }, (_, index) => index + 1);
    await add(search, 'r', ...seqs.map((seq) => message(seq, 'word', { at: AT + Math.floor(seq / 10) })));
    for (const limit of [1, 7, 25]) {
      const all = await found(search, 'word', { limit });
      expect([...all].sort()).toEqual(seqs.map((seq) => `r ${seq}`).sort());
      const times = all.map((hit) => Math.floor(Number(hit.slice(2)) / 10));
      expect(times).toEqual([...times].sort((a, b) => b - a));
    }
    const query = { terms: termsOf('word'), rooms: ['r'], limit: 5, cursor: 'no cursor of ours' };
    expect(await faultOf(() => search.search(query))).toBe('refused');
  });

  test('[SRC6] a message that is indexed again has its new words only, and none without any', async () => {
    await using opened = await open();
    const { search } = opened;
    await add(search, 'r', message(1, 'first words'), message(2, 'words'));
    await add(search, 'r', message(1, 'other words'));
    expect(await found(search, 'first')).toEqual([]);
    expect(await found(search, 'words')).toEqual(['r 2', 'r 1']);
    await add(search, 'r', message(1, ''));
    expect(await found(search, 'words')).toEqual(['r 2']);
  });

  test('[SRC6] the longest text is indexed with all of its words', async () => {
    await using opened = await open();
    const { search } = opened;
    const signs = Array.from({ length: 5_000 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join('');
    const words = Array.from({ length: 9_000 }, (_, index) => `w${index}`).join(' ');
    await add(search, 'r', message(1, signs), message(2, words));
    expect(await found(search, '一丁')).toEqual(['r 1']);
    expect(await found(search, 'w8999')).toEqual(['r 2']);
  });
}

function positionRules(open: () => Promise<OpenSearch>): void {
  test('[SRC7] what was indexed, and how far, is there when the index is opened again', async () => {
    await using opened = await open();
    await opened.search.index({ position: { room: 'r', seq: 7, change: 3 }, messages: [message(7, 'word')] });
    await opened.search.index({ position: { room: 's', seq: 2, change: 0 }, messages: [] });
    await opened.reopen();
    const positions = await opened.search.positions(['s', 'unknown', 'r']);
    expect([...positions].sort((a, b) => (a.room < b.room ? -1 : 1))).toEqual([
      { room: 'r', seq: 7, change: 3 },
      { room: 's', seq: 2, change: 0 },
    ]);
    expect(await found(opened.search, 'word')).toEqual(['r 7']);
    expect(await opened.search.positions([])).toEqual([]);
  });

  test('[SRC8] an index of other words, and one that is to be made anew, is emptied', async () => {
    await using opened = await open();
    await add(opened.search, 'r', message(1, 'word'));
    expect(await opened.search.prepare(WORDS_VERSION, false)).toBe(false);
    expect(await found(opened.search, 'word')).toEqual(['r 1']);
    expect(await opened.search.prepare(WORDS_VERSION + 1, false)).toBe(true);
    expect(await found(opened.search, 'word')).toEqual([]);
    await add(opened.search, 'r', message(1, 'word'));
    expect(await opened.search.prepare(WORDS_VERSION + 1, true)).toBe(true);
    expect(await opened.search.positions(['r'])).toEqual([]);
    await add(opened.search, 'r', message(1, 'word'));
    expect(await found(opened.search, 'word')).toEqual(['r 1']);
  });
}

const WORDS = ['hello', 'help', 'he', 'the', '天气', '今天', 'été', 'Ж'] as const;
const texts = fc.array(fc.constantFrom(...WORDS), { maxLength: 4 }).map((words) => words.join(' '));
const batches = fc.record({
  room: fc.constantFrom('r', 'R', 's'),
  messages: fc.uniqueArray(fc.record({ seq: fc.integer({ min: 1, max: 6 }), text: texts }), {
    selector: ({ seq }) => seq,
    maxLength: 4,
  }),
});

function modelRule(open: () => Promise<OpenSearch>): void {
  test('[SRC9] any sequence of batches finds what the reference model finds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batches, { maxLength: 8 }), async (steps) => {
        await using opened = await open();
        const model = new MemorySearch();
        model.prepare(WORDS_VERSION, false);
        for (const { room, messages } of steps) {
          const batch = {
            position: { room, seq: 6, change: 0 },
            messages: messages.map(({ seq, text }) => message(seq, text, { at: AT + seq, sender: `s${seq % 2}` })),
          };
          await opened.search.index(batch);
          model.index(batch);
        }
        for (const text of [...WORDS, 'he 天', 'h', 'hello the', '天', 'ét']) {
          for (const query of [{ rooms: ['r', 'R'] }, { rooms: ['s', 'r'], sender: 's1', limit: 2 }]) {
            const [ours, theirs] = [await found(opened.search, text, query), await found(model, text, query)];
            expect([text, [...ours].sort()]).toEqual([text, [...theirs].sort()]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
}
