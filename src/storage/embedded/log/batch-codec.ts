/**
 * One appended group as the bytes of one row: u32 CRC-32 of what follows, u8 kind (0 records, 1 a fence), then for records
 * each one's u32 length and bytes, for a fence u32 epoch and the slots as u16 (big endian). SQLite's own checksums guard
 * the WAL only until the next start; this one guards a group for good.
 */
import { hash } from 'bun';
import { StorageFault } from '../../ports/faults.ts';
import type { Fence, LogBatch } from '../../ports/message-log.ts';

const CHECKSUM_BYTES = 4;
const HEAD_BYTES = CHECKSUM_BYTES + 1;
const LENGTH_BYTES = 4;
const RECORDS = 0;
const FENCE = 1;

export function encodeRecords(records: readonly Uint8Array[]): Uint8Array {
  let size = HEAD_BYTES;
  for (const record of records) size += LENGTH_BYTES + record.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  bytes[CHECKSUM_BYTES] = RECORDS;
  let offset = HEAD_BYTES;
  for (const record of records) {
    view.setUint32(offset, record.length);
    bytes.set(record, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + record.length;
  }
  return sealed(bytes, view);
}

export function encodeFence({ epoch, slots }: Fence): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + 4 + slots.length * 2);
  const view = new DataView(bytes.buffer);
  bytes[CHECKSUM_BYTES] = FENCE;
  view.setUint32(HEAD_BYTES, epoch);
  for (const [index, slot] of slots.entries()) view.setUint16(HEAD_BYTES + 4 + index * 2, slot);
  return sealed(bytes, view);
}

/** The group, its records as views of `bytes`. Throws a `StorageFault` if the bytes are not what was written. */
export function decodeGroup(bytes: Uint8Array, position: number): LogBatch {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD_BYTES || view.getUint32(0) !== hash.crc32(bytes.subarray(CHECKSUM_BYTES))) {
    throw new StorageFault('corrupt', `the log's group ${position} does not match its checksum`);
  }
  if (bytes[CHECKSUM_BYTES] === FENCE) return { position, records: [], fence: fenceIn(view) };
  const records: Uint8Array[] = [];
  for (let offset = HEAD_BYTES; offset < bytes.length; ) {
    const start = offset + LENGTH_BYTES;
    offset = start + view.getUint32(offset);
    records.push(bytes.subarray(start, offset));
  }
  return { position, records };
}

function fenceIn(view: DataView): Fence {
  const slots: number[] = [];
  for (let offset = HEAD_BYTES + 4; offset < view.byteLength; offset += 2) slots.push(view.getUint16(offset));
  return { epoch: view.getUint32(HEAD_BYTES), slots };
}

function sealed(bytes: Uint8Array, view: DataView): Uint8Array {
  view.setUint32(0, hash.crc32(bytes.subarray(CHECKSUM_BYTES)));
  return bytes;
}
