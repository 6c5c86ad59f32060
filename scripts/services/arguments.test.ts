import { expect, test } from 'bun:test';
import { parseArguments } from './arguments.ts';

test('[SVC6] a verb, parts and options are told apart', () => {
  const words = ['up', 'mysql', '--base-port', '30000', 'redis', '--dir', '/srv/x'];
  expect(parseArguments(words)).toEqual({
    verb: 'up',
    parts: ['mysql', 'redis'],
    dir: '/srv/x',
    basePort: 30_000,
    purge: false,
    json: false,
  });
  expect(parseArguments(['down', '--purge'])).toMatchObject({ verb: 'down', parts: [], purge: true });
});

test.each([
  [[], 'usage: '],
  [['start'], "there is no 'start'"],
  [['up', 'postgres'], "there is no part 'postgres'"],
  [['up', '--port', '1'], "Unknown option '--port'"],
  [['up', '--base-port', '80'], '--base-port 80: a number from 1024'],
  [['up', '--base-port', '65535'], '--base-port 65535'],
  [['up', '--base-port', '3o000'], '--base-port 3o000'],
  [['up', '--purge'], '--purge goes with down'],
  [['down', 'redis', '--purge'], '--purge goes with down'],
])('[SVC6] what does not fit is refused with its name: %p', (words: string[], message: string) => {
  expect(() => parseArguments(words)).toThrow(message);
});
