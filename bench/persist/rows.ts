/** The rows of both sides, in equal databases: the same for every process that is given the same sizes. */
import { randomBytes } from 'node:crypto';
import type { LogRecord } from '../../src/storage/ports/log-record.ts';

export interface PersistSizes {
  readonly rows: number;
  /** Rows in one transaction. */
  readonly batch: number;
  readonly rooms: number;
  /** Of each frame. */
  readonly bytes: number;
}

export interface PersistResult {
  readonly perSecond: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

const SENDERS_A_ROOM = 10;
const SLOTS = 1_024;
/** A power of two for which a multiplication mixes well. */
const MIXED = 2 ** 32;

export function sizesOf(args: readonly string[]): PersistSizes {
  const [rows = 0, batch = 0, rooms = 0, bytes = 0] = args.map(Number);
  return { rows, batch, rooms, bytes };
}

/** Rooms take turns in no order that a table could profit from; ids and nonces are as long as real ones. */
export function records({ rows, rooms, bytes }: PersistSizes): LogRecord[] {
  const seqs = new Map<number, number>();
  return Array.from({ length: rows }, (_, index) => {
    const room = mixed(index) % rooms;
    const seq = (seqs.get(room) ?? 0) + 1;
    seqs.set(room, seq);
    return {
      stream: 'messages',
      slot: room % SLOTS,
      epoch: 1,
      room: idOf('room', room),
      seq,
      sender: idOf(`sender${room}`, mixed(index + 1) % SENDERS_A_ROOM),
      nonce: idOf('nonce', mixed(index), index),
      at: 1_700_000_000_000 + index,
      frame: frameOf(index, bytes),
    };
  });
}

export function databaseName(): string {
  return `mailroom_bench_${randomBytes(6).toString('hex')}`;
}

export function withDatabase(url: string, database: string): string {
  const parsed = new URL(url.split(',')[0] ?? '');
  parsed.pathname = `/${database}`;
  return parsed.href;
}

function mixed(index: number): number {
  return Math.floor((Math.imul(index + 1, 0x9e37_79b1) >>> 0) * (1 - 1 / MIXED));
}

function idOf(kind: string, ...numbers: readonly number[]): string {
  return `${numbers.map((number) => number.toString(36)).join('-')}-${kind}`.padEnd(21, '_');
}

function frameOf(index: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) frame[at] = (index * 31 + at * 7) % 256;
  return frame;
}
