import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { unpackMultiple } from 'msgpackr';
import { checkCall } from '../calls.ts';
import { NOTIFICATION_CHECKS, RESULT_CHECKS } from '../checks.generated.ts';
import { decodeCalls, decodeReplies } from '../envelope.ts';
import { MsgpackReader } from '../msgpack/reader.ts';
import type { Message, MessagesChangesResult, MessagesHistoryResult } from '../types.ts';
import { decodeMessage, encodeChangesResult, encodeHistoryResult, encodeMessage, encodePostResult } from './message.ts';
import { concat, encode, encodeNotification } from './rpc.ts';

const FOLDER = new URL('../../../test/fixtures/frames/', import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.hex'))
  .map((file) => file.slice(0, -'.hex'.length));

function bytesOf(name: string): Uint8Array {
  const lines = readFileSync(new URL(`${name}.hex`, FOLDER), 'utf8').split('\n');
  const hex = lines.filter((line) => !line.startsWith('#')).join('');
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
}

/** The JSON form: all values of the frame in order, a `bin` as `{"$bin": hex}`. */
function valuesOf(name: string): unknown[] {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
  return JSON.parse(text, (_, value) => {
    const isBin = typeof value === 'object' && value !== null && typeof value.$bin === 'string';
    return isBin ? new Uint8Array(Buffer.from(value.$bin, 'hex')) : value;
  });
}

function readAll(bytes: Uint8Array): unknown[] {
  const reader = new MsgpackReader(bytes);
  const values: unknown[] = [];
  while (!reader.atEnd) values.push(reader.readValue());
  return values;
}

/** A Buffer and a Uint8Array of the same bytes are the same `bin`. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

describe('frames that were shipped', () => {
  test('[WIRE1] there is a fixture of every method and notification', () => {
    const seen = new Set<string>();
    for (const name of names.filter((each) => !each.startsWith('body-'))) {
      for (const value of valuesOf(name) as unknown[][]) seen.add(String(value[0] === 0 ? value[2] : value[1]));
    }
    for (const method of [...Object.keys(RESULT_CHECKS), ...Object.keys(NOTIFICATION_CHECKS)]) {
      expect(seen).toContain(method);
    }
  });

  test.each(names)('[WIRE1] %s decodes to its JSON form, here and in msgpackr', (name) => {
    expect(plain(readAll(bytesOf(name)))).toEqual(valuesOf(name));
    expect(plain(unpackMultiple(bytesOf(name)))).toEqual(valuesOf(name));
  });

  test.each(names)('[WIRE1] %s is what its JSON form encodes to', (name) => {
    expect(concat(valuesOf(name).map(encode))).toEqual(bytesOf(name));
  });

  test.each(names.filter((name) => /-request$|^batch$/.test(name)))('[WIRE20] %s is a call that passes', (name) => {
    for (const call of decodeCalls(bytesOf(name))) expect(checkCall(call.method, call.params).ok).toBe(true);
  });

  test.each(names.filter((name) => /-result$/.test(name)))('[WIRE20] %s is a result that passes', (name) => {
    const method = name.slice(0, -'-result'.length).replace('-', '.') as keyof typeof RESULT_CHECKS;
    for (const reply of decodeReplies(bytesOf(name))) {
      if (reply.type !== 'response') throw new Error('a response was expected');
      expect(RESULT_CHECKS[method](reply.result)).toBeNull();
    }
  });

  const notifications = names.filter((name) => !/-request$|-result$|^batch$|^body-|^error/.test(name));
  test.each(notifications)('[WIRE20] %s is a notification that passes', (name) => {
    for (const reply of decodeReplies(bytesOf(name))) {
      if (reply.type !== 'notification') throw new Error('a notification was expected');
      expect(NOTIFICATION_CHECKS[reply.method as keyof typeof NOTIFICATION_CHECKS](reply.params)).toBeNull();
    }
  });

  test('[WIRE1] the frames that are laid out by hand are the same bytes', () => {
    const changed = (valuesOf('message-changed') as [[2, string, [Message]]])[0][2][0];
    expect(encodeMessage(changed)).toEqual(bytesOf('message-changed'));
    expect(decodeMessage(bytesOf('message-changed'))).toEqual(changed);
    const [[, wanted, , changes]] = valuesOf('messages-changes-result') as [[1, number, null, MessagesChangesResult]];
    const notifications = changes.changes.map((each) => encodeNotification('changed', each));
    expect(encodeChangesResult(wanted, notifications, changes.more)).toEqual(bytesOf('messages-changes-result'));
    const messages = ['message', 'message-full'].map((name) => (valuesOf(name) as [[2, string, [Message]]])[0][2][0]);
    const frames = messages.map(encodeMessage);
    expect(frames).toEqual([bytesOf('message'), bytesOf('message-full')]);
    const [[, id, , posted]] = valuesOf('messages-post-result') as [[1, number, null, { seq: number; at: number }]];
    expect(encodePostResult(id, posted.seq, posted.at)).toEqual(bytesOf('messages-post-result'));
    const [[, asked, , page]] = valuesOf('messages-history-result') as [[1, number, null, MessagesHistoryResult]];
    expect(encodeHistoryResult(asked, frames, page.more, page.change)).toEqual(bytesOf('messages-history-result'));
  });
});
