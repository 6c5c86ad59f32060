import { expect, test } from 'bun:test';
import { StorageFault } from '../ports/faults.ts';
import { Backoff } from './backoff.ts';
import { amqpFault } from './faults.ts';
import { parseAmqpUrl } from './url.ts';

test('[AMQ3] pauses double up to their bound, and chance takes at most half', () => {
  const pauses = (random: number): number[] => {
    const backoff = new Backoff({ firstMs: 10, maxMs: 100, random: () => random });
    return Array.from({ length: 6 }, () => backoff.next());
  };
  expect(pauses(0)).toEqual([10, 20, 40, 80, 100, 100]);
  expect(pauses(1)).toEqual([5, 10, 20, 40, 50, 50]);
});

test('[AMQ3] after a success the pauses begin anew', () => {
  const backoff = new Backoff({ firstMs: 10, maxMs: 100, random: () => 0 });
  backoff.next();
  backoff.next();
  backoff.succeeded();
  expect(backoff.next()).toBe(10);
});

test('[AMQ4] an address is taken apart, and a missing part has its default', () => {
  expect(parseAmqpUrl('amqps://a%40b:p%2Fq@[::1]:99/v%2Fh', 7)).toEqual({
    protocol: 'amqps',
    hostname: '::1',
    port: 99,
    username: 'a@b',
    password: 'p/q',
    vhost: 'v%2Fh',
    heartbeat: 7,
  });
  expect(parseAmqpUrl('amqp://host', 5)).toEqual({ protocol: 'amqp', hostname: 'host', vhost: '', heartbeat: 5 });
});

test('[AMQ4] an address that is none is refused without being repeated', () => {
  for (const url of ['http://u:secret@host/', 'amqp//secret', '']) {
    const parse = (): unknown => parseAmqpUrl(url, 5);
    expect(parse).toThrow(StorageFault);
    expect(parse).not.toThrow(/secret/);
  }
});

test('[AMQ4] what will never succeed is a refusal, and everything else is worth another try', () => {
  const reply = (code: number): Error => Object.assign(new Error('closed'), { code });
  const codes = [402, 403, 404, 406, 530, 540].map((code) => amqpFault('try', reply(code)).code);
  expect(new Set(codes)).toEqual(new Set(['refused']));
  for (const error of [reply(320), reply(405), reply(541), new Error('socket hang up'), 'it ended']) {
    expect(amqpFault('try', error).code).toBe('unavailable');
  }
  const handshake = new Error('Handshake terminated by server: 403 (ACCESS-REFUSED) with message "no"');
  expect(amqpFault('try', handshake)).toMatchObject({ code: 'refused', cause: handshake });
});
