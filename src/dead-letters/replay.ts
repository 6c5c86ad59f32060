/**
 * Puts dead letters back: a record's frame takes the place of the placeholder that the store keeps its seq with. A letter is
 * removed when all its records are where they belong, and stays with the reason otherwise.
 */
import type { DeadLetter, DeadLetters, FillOutcome, PlaceholderFiller } from '../storage/ports/dead-letters.ts';
import type { LogRecord } from '../storage/ports/log-record.ts';
import { recordsOf } from './records-of.ts';

export interface Replayed {
  readonly id: string;
  /** Whether the letter is gone. */
  readonly done: boolean;
  /** What became of it, in words. */
  readonly text: string;
}

const WORDS: Readonly<Record<FillOutcome, string>> = {
  filled: 'put back',
  present: 'was there already',
  taken: 'not put back: another message has this seq',
  ahead: 'not put back: the room has not come to this seq yet',
};

export async function replay(
  letters: Pick<DeadLetters, 'remove'>,
  filler: Pick<PlaceholderFiller, 'fill'>,
  chosen: readonly DeadLetter[],
): Promise<readonly Replayed[]> {
  const results: Replayed[] = [];
  for (const letter of chosen) {
    const result = await replayOne(filler, letter);
    // Removed one by one: what was put back before a failure is not put back twice.
    if (result.done) await letters.remove([letter.id]);
    results.push(result);
  }
  return results;
}

async function replayOne(filler: Pick<PlaceholderFiller, 'fill'>, letter: DeadLetter): Promise<Replayed> {
  const { id } = letter;
  const records = recordsOf(letter);
  if (records === undefined) return { id, done: false, text: 'not put back: this release cannot read it' };
  const outcomes: FillOutcome[] = [];
  const texts: string[] = [];
  for (const record of records) {
    const outcome = await filler.fill(record);
    outcomes.push(outcome);
    texts.push(`${placeOf(record)} ${WORDS[outcome]}`);
  }
  const done = outcomes.every((outcome) => outcome === 'filled' || outcome === 'present');
  return { id, done, text: texts.length === 0 ? 'holds no records' : texts.join('; ') };
}

function placeOf({ room, stream, seq }: LogRecord): string {
  return `${room}/${stream}/${seq}`;
}
