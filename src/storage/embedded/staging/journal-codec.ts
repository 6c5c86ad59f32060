/**
 * Journal entries as lines: eight hex digits of CRC32, a blank, JSON. A line that a crash has cut off is known by its
 * checksum or by its missing end, and with it ends what is believed.
 */
import { crc32 } from 'node:zlib';
import type { UploadEntry } from '../../ports/upload-journal.ts';

export function encodeEntry(entry: UploadEntry): string {
  const text = JSON.stringify(entry);
  return `${checksum(text)} ${text}\n`;
}

export interface DecodedJournal {
  readonly entries: readonly UploadEntry[];
  /** How many bytes of the file they take; what is behind them is rubbish. */
  readonly bytes: number;
}

export function decodeJournal(file: Buffer): DecodedJournal {
  const entries: UploadEntry[] = [];
  let at = 0;
  for (;;) {
    const end = file.indexOf(0x0a, at);
    const entry = end < 0 ? null : decodeLine(file.toString('utf8', at, end));
    if (entry === null) return { entries, bytes: at };
    entries.push(entry);
    at = end + 1;
  }
}

function decodeLine(line: string): UploadEntry | null {
  const text = line.slice(9);
  return line.slice(0, 9) === `${checksum(text)} ` ? (JSON.parse(text) as UploadEntry) : null;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
