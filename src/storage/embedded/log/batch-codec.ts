/**
 * One appended group as the bytes of one row: u32 CRC-32 of what follows, then for each record u32 length and its bytes
 * (big endian). SQLite's own checksums guard the WAL only until the next start; this one guards a group for good.
 */
import { hash } from 'bun';
import { StorageFault } from '../../ports/faults.ts';

const CHECKSUM_BYTES = 4;
const LENGTH_BYTES = 4;

export function encodeBatch(records: readonly Uint8Array[]): Uint8Array {
  let size = CHECKSUM_BYTES;
  for (const record of records) size += LENGTH_BYTES + record.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let offset = CHECKSUM_BYTES;
  for (const record of records) {
    view.setUint32(offset, record.length);
    bytes.set(record, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + record.length;
  }
  view.setUint32(0, hash.crc32(bytes.subarray(CHECKSUM_BYTES)));
  return bytes;
}

/** The records as views of `bytes`. Throws a `StorageFault` if the bytes are not what was written. */
export function decodeBatch(bytes: Uint8Array, position: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < CHECKSUM_BYTES || view.getUint32(0) !== hash.crc32(bytes.subarray(CHECKSUM_BYTES))) {
    throw new StorageFault('corrupt', `the log's group ${position} does not match its checksum`);
  }
  const records: Uint8Array[] = [];
  for (let offset = CHECKSUM_BYTES; offset < bytes.length; ) {
    const start = offset + LENGTH_BYTES;
    offset = start + view.getUint32(offset);
    records.push(bytes.subarray(start, offset));
  }
  return records;
}
