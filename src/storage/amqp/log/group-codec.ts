/**
 * One group of the log as the body of one message.
 *
 * Layout (big endian): u32 CRC-32 of what follows, u8 version = 1, u8 kind, u16 partition, u32 epoch, u32 group; then of
 * records (kind 0) each u32 length and its bytes, or of a fence (kind 1) each slot as u16.
 */
import { hash } from 'bun';
import { StorageFault } from '../../ports/faults.ts';
import type { LogBatch, LogPosition } from '../../ports/message-log.ts';
import { epochOf, groupOf, positionOf } from './position.ts';

const VERSION = 1;
const RECORDS = 0;
const FENCE = 1;
const CHECKSUM_BYTES = 4;
const HEAD_BYTES = CHECKSUM_BYTES + 1 + 1 + 2 + 4 + 4;
const LENGTH_BYTES = 4;
const SLOT_BYTES = 2;

/** Bytes that a record takes in a group's body. */
export function encodedBytes(record: Uint8Array): number {
  return LENGTH_BYTES + record.length;
}

export function encodeRecords(partition: number, position: LogPosition, records: readonly Uint8Array[]): Buffer {
  let size = HEAD_BYTES;
  for (const record of records) size += encodedBytes(record);
  const body = head(size, RECORDS, partition, position);
  let offset = HEAD_BYTES;
  for (const record of records) {
    body.writeUInt32BE(record.length, offset);
    body.set(record, offset + LENGTH_BYTES);
    offset += encodedBytes(record);
  }
  return sealed(body);
}

export function encodeFence(partition: number, position: LogPosition, slots: readonly number[]): Buffer {
  const body = head(HEAD_BYTES + slots.length * SLOT_BYTES, FENCE, partition, position);
  for (const [index, slot] of slots.entries()) body.writeUInt16BE(slot, HEAD_BYTES + index * SLOT_BYTES);
  return sealed(body);
}

/** The group, its records as views of `body`. Throws a `StorageFault` on bytes that are no group of the partition. */
export function decodeGroup(partition: number, body: Buffer): LogBatch {
  if (body.length < HEAD_BYTES) throw corrupt('is too short');
  if (body.readUInt32BE(0) !== checksum(body)) throw corrupt('does not match its checksum');
  if (body[4] !== VERSION) throw corrupt(`has the unknown version ${body[4]}`);
  if (body.readUInt16BE(6) !== partition) throw corrupt(`belongs to partition ${body.readUInt16BE(6)}`);
  const epoch = body.readUInt32BE(8);
  const position = positionOf(epoch, body.readUInt32BE(12));
  if (body[5] === FENCE) return { position, records: [], fence: { epoch, slots: slotsOf(body) } };
  if (body[5] !== RECORDS) throw corrupt(`is of the unknown kind ${body[5]}`);
  return { position, records: recordsOf(body) };
}

/** A group that was found outside its queue. */
export function decodeStrayGroup(body: Buffer): LogBatch {
  if (body.length < HEAD_BYTES) throw corrupt('is too short');
  return decodeGroup(body.readUInt16BE(6), body);
}

function head(size: number, kind: number, partition: number, position: LogPosition): Buffer {
  const body = Buffer.allocUnsafe(size);
  body.writeUInt8(VERSION, 4);
  body.writeUInt8(kind, 5);
  body.writeUInt16BE(partition, 6);
  body.writeUInt32BE(epochOf(position), 8);
  body.writeUInt32BE(groupOf(position), 12);
  return body;
}

function sealed(body: Buffer): Buffer {
  body.writeUInt32BE(checksum(body), 0);
  return body;
}

function checksum(body: Buffer): number {
  return hash.crc32(body.subarray(CHECKSUM_BYTES));
}

function recordsOf(body: Buffer): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let offset = HEAD_BYTES; offset < body.length; ) {
    const start = offset + LENGTH_BYTES;
    const end = start > body.length ? start : start + body.readUInt32BE(offset);
    if (end > body.length) throw corrupt('is cut short');
    records.push(body.subarray(start, end));
    offset = end;
  }
  return records;
}

function slotsOf(body: Buffer): number[] {
  const bytes = body.length - HEAD_BYTES;
  if (bytes % SLOT_BYTES !== 0) throw corrupt('is cut short');
  return Array.from({ length: bytes / SLOT_BYTES }, (_, index) => body.readUInt16BE(HEAD_BYTES + index * SLOT_BYTES));
}

function corrupt(what: string): StorageFault {
  return new StorageFault('corrupt', `a message in the log's queue ${what}`);
}
