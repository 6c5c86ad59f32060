/** What was promised to clients, gathered as it came, and compared with what MySQL holds in the end. */

import { decodeReplies } from '../../../src/protocol/envelope.ts';
import { encodeBody } from '../../../src/protocol/frames/body.ts';
import type { Message } from '../../../src/protocol/types.ts';
import { openPool } from '../../../src/storage/mysql/pool.ts';

/** An acknowledged post, or a message as it came to a reader. */
export interface Fact {
  readonly room: string;
  readonly seq: number;
  readonly nonce: string;
}

export interface AcknowledgedFact extends Fact {
  readonly sender: string;
}

/** The body that belongs to a nonce. */
export function bodyOf(nonce: string): Uint8Array {
  return encodeBody({ type: 'text', text: `the body of ${nonce}` });
}

/** Posts of a client to a room are numbered in the order of sending. */
export function nonceOf(client: string, room: string, number: number): string {
  return `${client}.${room.slice(0, 6)}.${number}`;
}

function numberOf(nonce: string): number {
  return Number(nonce.slice(nonce.lastIndexOf('.') + 1));
}

/** Everything of the suite so far; what belongs to one cell begins at `begin`. */
export class Ledger {
  readonly acknowledged: AcknowledgedFact[] = [];
  /** By reader. */
  readonly delivered = new Map<string, Fact[]>();
  readonly broken: string[] = [];
  refused = 0;
  /** Posts sent again because their first answer was a refusal or did not come. */
  repeated = 0;
  /** From a request to its answer, of any kind: milliseconds. */
  longestAnswerMs = 0;

  answered(afterMs: number): void {
    if (afterMs > this.longestAnswerMs) this.longestAnswerMs = afterMs;
  }

  /** Forgets the counts, not the facts, nor what was broken and not told yet. */
  begin(): void {
    this.refused = 0;
    this.repeated = 0;
    this.longestAnswerMs = 0;
  }
}

export interface StoredRow {
  readonly seq: number;
  readonly sender: string;
  readonly nonce: string;
  readonly body: Uint8Array;
}

export interface Comparison {
  readonly stored: number;
  /** Acknowledged and not there, or there as something else. */
  readonly lost: readonly string[];
  /** A nonce at more than one seq. */
  readonly doubled: readonly string[];
  /** Posts of one sender that have not the order in which they were sent. */
  readonly disordered: readonly string[];
  /** Seqs that are not 1, 2, 3 …. */
  readonly holes: readonly string[];
  /** What a reader got and MySQL does not have at that seq. */
  readonly contradicted: readonly string[];
  /** Stored though nobody was told so. With nothing pending there is none. */
  readonly untold: readonly string[];
}

/** Asks MySQL itself, over a connection that the engine knows nothing of. */
export async function rowsOf(url: string, rooms: readonly string[]): Promise<ReadonlyMap<string, StoredRow[]>> {
  const pool = openPool(url, { maxConnections: 1, queryMs: 60_000 });
  try {
    const found = new Map<string, StoredRow[]>();
    for (const room of rooms) {
      const sql = 'SELECT seq, sender, nonce, frame FROM message WHERE room = ? ORDER BY seq';
      const rows = await pool.rows<{ seq: number; sender: Uint8Array; nonce: Uint8Array; frame: Uint8Array }>(sql, [
        room,
      ]);
      found.set(
        room,
        rows.map(({ seq, sender, nonce, frame }) => ({
          seq,
          sender: text(sender),
          nonce: text(nonce),
          body: messageOf(frame).body,
        })),
      );
    }
    return found;
  } finally {
    await pool.close();
  }
}

export function compare(ledger: Ledger, stored: ReadonlyMap<string, readonly StoredRow[]>): Comparison {
  const lost: string[] = [];
  const doubled: string[] = [];
  const holes: string[] = [];
  const contradicted: string[] = [];
  const untold: string[] = [];
  const disordered: string[] = [];
  for (const { room, seq, sender, nonce } of ledger.acknowledged) {
    const row = stored.get(room)?.[seq - 1];
    const same = row?.seq === seq && row.sender === sender && row.nonce === nonce && equal(row.body, bodyOf(nonce));
    if (!same) lost.push(`${room} ${seq} ${nonce}`);
  }
  const told = new Set(ledger.acknowledged.map(({ nonce }) => nonce));
  let count = 0;
  for (const [room, rows] of stored) {
    const nonces = new Set<string>();
    const last = new Map<string, number>();
    for (const [index, { seq, sender, nonce }] of rows.entries()) {
      if (numberOf(nonce) <= (last.get(sender) ?? 0)) disordered.push(`${room} ${seq} ${nonce}`);
      last.set(sender, numberOf(nonce));
      if (seq !== index + 1) holes.push(`${room} has ${seq} where ${index + 1} belongs`);
      if (nonces.has(nonce)) doubled.push(`${room} ${seq} ${nonce}`);
      if (!told.has(nonce)) untold.push(`${room} ${seq} ${nonce}`);
      nonces.add(nonce);
    }
    count += rows.length;
  }
  for (const [reader, facts] of ledger.delivered) {
    for (const { room, seq, nonce } of facts) {
      if (stored.get(room)?.[seq - 1]?.nonce !== nonce) contradicted.push(`${reader} got ${room} ${seq} ${nonce}`);
    }
  }
  return { stored: count, lost, doubled, holes, contradicted, untold, disordered };
}

function messageOf(frame: Uint8Array): Message {
  const [reply] = decodeReplies(frame);
  if (reply?.type !== 'notification') return { body: new Uint8Array() } as Message;
  return reply.params as unknown as Message;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

const decoder = new TextDecoder();

function text(bytes: Uint8Array | string): string {
  return typeof bytes === 'string' ? bytes : decoder.decode(bytes);
}
