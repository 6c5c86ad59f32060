import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { MAX_TERMS, needlesOf, termsOf, wordsOf } from './search-words.ts';

/** Whether a text with these tokens is found by the query. */
function finds(query: string, text: string): boolean {
  const tokens = wordsOf(text);
  const terms = termsOf(query);
  return (
    terms.length > 0 &&
    terms.every(({ token, prefix }) => tokens.some((each) => (prefix ? each.startsWith(token) : each === token)))
  );
}

describe('words of a text', () => {
  test('[SRC1] every token is 3 to 82 letters and digits that no index splits or leaves out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        for (const token of wordsOf(text)) expect(token).toMatch(/^q[xc][0-9a-z]{1,80}$/);
      }),
    );
    expect(wordsOf('The a of')).toEqual(['qxthe', 'qxa', 'qxof']);
  });

  test('[SRC1] a text is found by each of its words, by their beginnings, and in whatever case and form', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abz9éжñ'), minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat(), (words, which, cut) => {
        const chosen = words[which % words.length] as string;
        const start = chosen.slice(0, 2 + (cut % (chosen.length - 1)));
        expect(finds(start, words.join(', '))).toBe(true);
        expect(finds(chosen.toUpperCase().toLowerCase(), words.join('-'))).toBe(true);
      }),
    );
    expect(finds('STRASSE', 'die Strasse')).toBe(true);
    expect(finds('ﬁne', 'a fine day')).toBe(true);
    expect(finds('cafe\u0301', 'Café')).toBe(true);
  });

  test('[SRC1] two words that differ never share a token, and no word is found by what it does not begin with', () => {
    const word = fc.string({ unit: fc.constantFrom(...'az09éж'), minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(word, word, (asked, written) => {
        const [a, b] = [asked.normalize('NFKC'), written.normalize('NFKC')];
        expect(finds(a, b)).toBe(b.startsWith(a));
      }),
    );
  });

  test('[SRC2] text without spaces is found by one character, by two, and by more', () => {
    const text = '今天天气很好，我们去公园吧';
    for (const query of ['天', '天气', '很好', '去公园', '今天天气很好']) expect(finds(query, text)).toBe(true);
    for (const query of ['气天', '明天', '好我']) expect(finds(query, text)).toBe(false);
    expect(finds('ラーメン', '美味しいラーメンを食べた')).toBe(true);
    expect(finds('한국', '한국어')).toBe(true);
    expect(finds('ไทย', 'ภาษาไทย')).toBe(true);
    expect(finds('v2 天气', 'v2版天气')).toBe(true);
  });

  test('[SRC2] a query without a word finds nothing, and a long one has a bound', () => {
    for (const query of ['', ' ', '!?', '🙂']) expect(termsOf(query)).toEqual([]);
    const words = Array.from({ length: 200 }, (_, index) => `w${index}`).join(' ');
    expect(termsOf(words)).toHaveLength(MAX_TERMS);
  });

  test('[SRC2] what a snippet shows are the words and runs themselves', () => {
    expect(needlesOf('Hello 天气 hello')).toEqual(['hello', '天气']);
  });
});
