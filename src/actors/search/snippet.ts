/** A snippet: the part of a text in which a query was found. */
import { folded } from '../../storage/ports/search-words.ts';

const BEFORE = 40;
const LENGTH = 160;

/** Undefined where the text has not all of the needles, though the index had their parts. */
export function snippetOf(text: string, needles: readonly string[]): string | undefined {
  const lowered = folded(text);
  const places = needles.map((needle) => lowered.indexOf(needle));
  if (places.length === 0 || places.includes(-1)) return undefined;
  const shown = shownForm(text, lowered);
  const signs = [...shown.replaceAll(/\s/g, ' ')];
  const first = [...shown.slice(0, Math.min(...places))].length;
  const start =
    first + LENGTH - BEFORE >= signs.length ? Math.max(0, signs.length - LENGTH) : Math.max(0, first - BEFORE);
  const cut = signs
    .slice(start, start + LENGTH)
    .join('')
    .trim();
  return `${start > 0 ? '…' : ''}${cut}${start + LENGTH < signs.length ? '…' : ''}`;
}

/** Places are those of the folded text: it is shown itself where the text as it was written has others. */
function shownForm(text: string, lowered: string): string {
  if (text.length === lowered.length) return text;
  const normal = text.normalize('NFKC');
  return normal.length === lowered.length ? normal : lowered;
}
