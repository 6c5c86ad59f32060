/** What a file may be called: one line that every file system and every header can carry. */

const MAX_CODE_POINTS = 255;
const UNWANTED = /[\p{Cc}\p{Cs}\u2028\u2029/\\]/u;

/** The name without blanks around it, in one form; undefined for what is none. */
export function checkedFileName(text: string): string | undefined {
  const name = text.normalize('NFC').trim();
  if (name === '' || name === '.' || name === '..' || UNWANTED.test(name)) return undefined;
  return [...name].length <= MAX_CODE_POINTS ? name : undefined;
}
