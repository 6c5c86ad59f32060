/** Frames for fuzzing: requests that are right, wrong or broken, out of one seed. */
import { decodeCalls } from '../../src/protocol/envelope.ts';
import { encodeBody } from '../../src/protocol/frames/body.ts';
import { concat, encode } from '../../src/protocol/frames/rpc.ts';
import { MalformedFrame } from '../../src/protocol/malformed.ts';

/** A generator of 32 bits of state (mulberry32): the same seed makes the same frames everywhere. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 … 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** 0 … `below`, without `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** What the reader of the wire says of a WebSocket message: how many requests it holds, or the code that it closes with. */
export function verdictOf(message: Uint8Array): { readonly requests: number } | { readonly closeCode: number } {
  try {
    return { requests: decodeCalls(message).filter(({ type }) => type === 'request').length };
  } catch (error) {
    if (error instanceof MalformedFrame) return { closeCode: error.closeCode };
    throw error;
  }
}

/** One WebSocket message. Of twenty, one has changed, lost or random bytes; the others are readable, whatever they say. */
export function fuzzMessage(dice: Dice, room: string, user: string): Uint8Array {
  const readable = concat(
    Array.from({ length: dice.next() < 0.1 ? 1 + dice.below(5) : 1 }, () => call(dice, room, user)),
  );
  return dice.next() < 0.05 ? broken(dice, readable) : readable;
}

function call(dice: Dice, room: string, user: string): Uint8Array {
  const [method, params] = dice.pick(requests(dice, room, user));
  const changes = dice.below(4);
  for (let change = 0; change < changes; change++) changeOne(dice, params);
  const name =
    dice.next() < 0.05 ? dice.pick(['', 'no.such', '__proto__', 'x'.repeat(5_000), method.toUpperCase()]) : method;
  const id = dice.pick([0, 1, 127, 128, 65_536, 2 ** 32 - 1, dice.below(2 ** 32)]);
  return dice.next() < 0.05 ? encode([2, name, [params]]) : encode([0, id, name, [params]]);
}

function requests(dice: Dice, room: string, user: string): [method: string, params: Record<string, unknown>][] {
  const body = encodeBody({ type: 'text', text: 'x'.repeat(dice.below(40)) });
  const post = { room, nonce: `n${dice.below(100_000)}`, body };
  return [
    ['ping', {}],
    ['messages.post', post],
    ['messages.post', { ...post, replyTo: 1, mentions: [user], files: [] }],
    ['messages.history', { room, before: dice.below(500), limit: 1 + dice.below(20) }],
    ['messages.history', { room, after: dice.below(500), limit: 1 + dice.below(20) }],
    ['messages.read', { room, seq: dice.below(1_000) }],
    ['rooms.list', {}],
    ['rooms.members', { room }],
    ['rooms.join', { room }],
    ['rooms.leave', { room }],
    ['rooms.invite', { room, user }],
    ['rooms.direct', { user }],
    ['rooms.create', { title: 'fuzz', members: ['nobody'] }],
    ['users.find', { username: 'fuzz' }],
    ['users.get', { users: [user, 'nobody'] }],
    ['hello', { token: 'again', resume: { [room]: [1, 0, 'log'] } }],
  ];
}

function changeOne(dice: Dice, params: Record<string, unknown>): void {
  const key = dice.pick([...Object.keys(params), 'room', 'extra']);
  if (dice.next() < 0.2) delete params[key];
  else params[key] = anything(dice, 0);
}

function anything(dice: Dice, depth: number): unknown {
  const deeper = depth > 8 ? 8 : 10;
  switch (dice.below(deeper)) {
    case 0:
      return null;
    case 1:
      return dice.next() < 0.5;
    case 2:
      return dice.pick([0, -1, 1.5, -(2 ** 31), 2 ** 32, 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]);
    case 3:
      return dice.pick([
        '',
        ' ',
        'nobody',
        '\u0000',
        '\ud83d\ude00'.repeat(50),
        'x'.repeat(1_000),
        '../..',
        "' or 1=1 --",
      ]);
    case 4:
      return dice.bytes(dice.below(100));
    case 5:
      return new Uint8Array(70_000);
    case 6:
      return dice.below(2 ** 32);
    case 7:
      return new Array(dice.below(200)).fill('u');
    case 8:
      return Array.from({ length: dice.below(4) }, () => anything(dice, depth + 1));
    default:
      return { key: anything(dice, depth + 1), type: anything(dice, depth + 1) };
  }
}

function broken(dice: Dice, bytes: Uint8Array): Uint8Array {
  switch (dice.below(5)) {
    case 0:
      return dice.bytes(dice.below(300));
    case 1:
      return bytes.slice(0, dice.below(bytes.length));
    case 2:
      return concat([bytes, dice.bytes(1 + dice.below(8))]);
    default: {
      const changed = bytes.slice();
      for (let flips = 1 + dice.below(6); flips > 0; flips--)
        changed[dice.below(Math.min(changed.length, 200))] = dice.below(256);
      return changed;
    }
  }
}
