/** Dead letters in text, for an operator. No bodies: what people wrote is nobody's business. */
import type { DeadLetter } from '../storage/ports/dead-letters.ts';
import { recordsOf } from './records-of.ts';

/** One line: id, time, kind, room, stream and seq of the first record, number of records, reason; with tabs between them. */
export function lineOf(letter: DeadLetter): string {
  const records = recordsOf(letter);
  const first = records?.[0];
  const place = first === undefined ? ['-', '-', '-'] : [first.room, first.stream, String(first.seq)];
  const count = records === undefined ? '-' : String(records.length);
  return [letter.id, timeOf(letter.at), letter.kind, ...place, count, letter.reason].map(printable).join('\t');
}

/** Some lines: everything but the frames, and the whole letter in base64 where `withBytes`. */
export function pageOf(letter: DeadLetter, withBytes: boolean): string {
  const lines = [
    `id      ${letter.id}`,
    `kind    ${letter.kind}`,
    `at      ${timeOf(letter.at)}`,
    `reason  ${printable(letter.reason)}`,
    `bytes   ${letter.bytes.length}`,
  ];
  const records = recordsOf(letter);
  if (records === undefined) lines.push('this release cannot read it');
  for (const { room, stream, seq, sender, nonce, at, slot, epoch, frame } of records ?? []) {
    const about = { room, stream, seq, sender, nonce, at: timeOf(at), slot, epoch, frameBytes: frame.length };
    lines.push(`record  ${JSON.stringify(about)}`);
  }
  if (withBytes) lines.push(`base64  ${Buffer.from(letter.bytes).toString('base64')}`);
  return lines.join('\n');
}

function timeOf(ms: number): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? '-' : time.toISOString();
}

/** Control characters of foreign text are not sent to a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
