/** What became of the rows: each is to be there once, at its seq, with its bytes. */
import { createHash } from 'node:crypto';
import { openPool } from '../../src/storage/mysql/pool.ts';
import type { LogRecord } from '../../src/storage/ports/log-record.ts';
import type { Losses } from '../lib/losses.ts';

interface Stored {
  readonly room: Uint8Array;
  readonly seq: number;
  readonly nonce: Uint8Array;
  readonly frame: Uint8Array;
}

const PAGE_ROWS = 10_000;

export async function audit(url: string, records: readonly LogRecord[]): Promise<Losses> {
  const wanted = new Map(records.map((record) => [`${record.seq} ${record.room}`, digest(record.nonce, record.frame)]));
  const pool = openPool(url, { maxConnections: 1, queryMs: 60_000 });
  let found = 0;
  let wrong = 0;
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const rows = await pool.rows<Stored>(
      'SELECT room, seq, nonce, frame FROM message ORDER BY room, seq LIMIT ? OFFSET ?',
      [PAGE_ROWS, offset],
    );
    for (const { room, seq, nonce, frame } of rows) {
      found += 1;
      if (wanted.get(`${seq} ${Buffer.from(room)}`) !== digest(nonce, frame)) wrong += 1;
    }
    if (rows.length < PAGE_ROWS) break;
  }
  await pool.close();
  return {
    lost: Math.max(0, records.length - found),
    duplicated: Math.max(0, found - records.length),
    reordered: wrong,
  };
}

function digest(nonce: string | Uint8Array, frame: Uint8Array): string {
  return createHash('sha1').update(nonce).update(frame).digest('base64');
}
