/** Records for tests of the message store on MySQL. */
import type { LogRecord } from '../../src/storage/ports/log-record.ts';
import type { InsertBatch, MessageStoreReader } from '../../src/storage/ports/message-store.ts';

export function post(seq: number, overrides: Partial<LogRecord> = {}): LogRecord {
  const room = overrides.room ?? 'room';
  return {
    stream: 'messages',
    slot: 7,
    epoch: 1,
    room,
    seq,
    sender: 'ann',
    nonce: `nonce ${seq}`,
    at: 1_700_000_000_000 + seq,
    frame: new TextEncoder().encode(`${room} ${seq}`),
    ...overrides,
  };
}

export function posts(count: number, first = 1, overrides: Partial<LogRecord> = {}): LogRecord[] {
  return Array.from({ length: count }, (_, index) => post(first + index, overrides));
}

export function batchOf(records: readonly LogRecord[], position: number, more: Partial<InsertBatch> = {}): InsertBatch {
  return { partition: 0, position, records, ...more };
}

/** All frames of a room as text, page by page. */
export async function everything(reader: MessageStoreReader, room: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for (;;) {
    const page = await reader.history({ room, after: texts.length, limit: 200, maxBytes: 1e6 });
    texts.push(...page.frames.map((frame) => new TextDecoder().decode(frame)));
    if (!page.more) return texts;
  }
}

export function textsTo(count: number, room = 'room'): string[] {
  return Array.from({ length: count }, (_, index) => `${room} ${index + 1}`);
}
