/** The records in a dead letter, as far as this release can read them. */
import { decodeStrayGroup } from '../storage/amqp/log/group-codec.ts';
import type { NewDeadLetter } from '../storage/ports/dead-letters.ts';
import { StorageFault } from '../storage/ports/faults.ts';
import { decodeLogRecord, type LogRecord } from '../storage/ports/log-record.ts';

/** Undefined if the letter cannot be read as a whole. */
export function recordsOf({ kind, bytes }: Pick<NewDeadLetter, 'kind' | 'bytes'>): readonly LogRecord[] | undefined {
  try {
    if (kind === 'record') return [decodeLogRecord(bytes)];
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return decodeStrayGroup(body).records.map(decodeLogRecord);
  } catch (error) {
    // Both codecs, and the text decoder of one, tell in their own ways that bytes are not theirs.
    if (error instanceof RangeError || error instanceof TypeError || error instanceof StorageFault) return undefined;
    throw error;
  }
}
