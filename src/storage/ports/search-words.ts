/**
 * Words of a text as every search index keeps them, so that all drivers find the same.
 *
 * Text is brought to NFKC and lower case. Scripts that put spaces between words give words; those that do not (Chinese,
 * Japanese, Korean, Thai and their like) give each character and each pair of neighbours. A token is made of `a`–`z` and
 * digits alone, is 3 to 82 long and begins with `qx` or `qc`: no index splits it, takes it for a stop word or an operator,
 * or finds it too short, however the server is set up. A beginning of a word is a beginning of its token.
 */

/** Raised whenever the tokens of a text change: indexes that were made by another version are made anew. */
export const WORDS_VERSION = 1;

/** One token that a text must have, or, with `prefix`, the beginning of one. */
export interface SearchTerm {
  readonly token: string;
  readonly prefix: boolean;
}

/** Bounds the work of one query. Terms past it are left out, which finds more and never less. */
export const MAX_TERMS = 24;

const WORD = 'qx';
const SIGN = 'qc';
const MAX_TOKEN_LENGTH = 82;
/** A word of one letter is the beginning of too many: it finds itself alone. */
const MIN_PREFIX_LENGTH = 2;

const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}' +
  '\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}ー';
/** A run of signs without spaces between them, or a word. */
const RUNS = new RegExp(`([${UNSPACED}]+)|((?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}])+)`, 'gu');

/** The form in which texts are compared. */
export function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

/** The distinct tokens of a text, in the order of their first use. */
export function wordsOf(text: string): string[] {
  const tokens = new Set<string>();
  for (const { signs, word } of runsOf(text)) {
    if (word !== undefined) tokens.add(wordToken(word));
    for (const [index, sign] of signs.entries()) {
      tokens.add(SIGN + encoded(sign));
      const next = signs[index + 1];
      if (next !== undefined) tokens.add(SIGN + encoded(sign) + encoded(next));
    }
  }
  return [...tokens];
}

/** What a text must have to be found, all of it. None: the query has no word, and finds nothing. */
export function termsOf(query: string): SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  for (const { signs, word } of runsOf(query)) {
    if (word !== undefined) add(terms, wordToken(word), [...word].length >= MIN_PREFIX_LENGTH);
    else if (signs.length === 1) add(terms, SIGN + encoded(signs[0] as string), false);
    for (const [index, sign] of signs.slice(1).entries()) {
      add(terms, SIGN + encoded(signs[index] as string) + encoded(sign), false);
    }
  }
  return [...terms.values()].slice(0, MAX_TERMS);
}

/** The words and runs of a query as a person wrote them, in their folded form: what a snippet shows. */
export function needlesOf(query: string): string[] {
  return [...new Set(runsOf(query).map(({ signs, word }) => word ?? signs.join('')))];
}

interface Run {
  /** Of a word, none. */
  readonly signs: readonly string[];
  readonly word: string | undefined;
}

function runsOf(text: string): Run[] {
  return [...folded(text).matchAll(RUNS)].map(([, signs, word]) => ({ signs: [...(signs ?? '')], word }));
}

function add(terms: Map<string, SearchTerm>, token: string, prefix: boolean): void {
  terms.set(token, { token, prefix: prefix || (terms.get(token)?.prefix ?? false) });
}

/** As much of a very long word as a token holds. */
function wordToken(word: string): string {
  let token = WORD;
  for (const sign of word) {
    const next = encoded(sign);
    if (token.length + next.length > MAX_TOKEN_LENGTH) break;
    token += next;
  }
  return token;
}

/** `z` begins the number of a code point in four digits to the base 36; every other letter and digit stands for itself. */
function encoded(sign: string): string {
  if (/^[0-9a-y]$/.test(sign)) return sign;
  return `z${(sign.codePointAt(0) as number).toString(36).padStart(4, '0')}`;
}
