import { describe, expect, test } from 'bun:test';
import { needlesOf } from '../../storage/ports/search-words.ts';
import { snippetOf } from './snippet.ts';

const snippet = (text: string, query: string): string | undefined => snippetOf(text, needlesOf(query));

describe('snippets', () => {
  test('[SRC12] a short text is its own snippet, as it was written', () => {
    expect(snippet('Hello\nWorld', 'WORLD')).toBe('Hello World');
    expect(snippet('今天天气很好', '天气')).toBe('今天天气很好');
    expect(snippet('İstanbul and Ankara', 'ankara')).toContain('ankara');
  });

  test('[SRC12] of a long text it is the part with the first word that is looked for', () => {
    const text = `${'a '.repeat(400)}needle${' b'.repeat(400)}`;
    const cut = snippet(text, 'needle') as string;
    expect(cut).toContain('needle');
    expect(cut).toStartWith('…');
    expect(cut).toEndWith('…');
    expect([...cut].length).toBeLessThanOrEqual(162);
    expect(snippet(`${'👋'.repeat(300)} needle`, 'needle')).toEndWith('👋 needle');
  });

  test('[SRC12] pairs of signs that do not stand together are no find', () => {
    expect(snippet('你好，好吗', '你好吗')).toBeUndefined();
    expect(snippet('你好吗', '你好吗')).toBe('你好吗');
    expect(snippet('text', '!')).toBeUndefined();
  });
});
