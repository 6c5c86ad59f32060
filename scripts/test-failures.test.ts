import { expect, test } from 'bun:test';
import { failuresOf, MOST_LINES, toldAgain } from './test-failures.ts';

const FRAME = ["4 | test('numbers', () => {", '                  ^'];
const MESSAGE = ['error: expect(received).toBe(expected)', '', 'Expected: 2', 'Received: 1', ''];
const PLACE = '      at <anonymous> (/checkout/a/x.test.ts:4:9)';

test('[RUN11] a failure has its file, its name, its message and its place', () => {
  const output = [
    '',
    'a/x.test.ts:',
    'something said before',
    '(pass) group > [A1] fine [0.10ms]',
    ...FRAME,
    ...MESSAGE,
    PLACE,
    '(fail) group > [A1] numbers > 5 [5.49ms]',
    'something said after',
    '(skip) group > later',
    '',
    ' 1 pass',
    ' 1 fail',
  ].join('\n');
  expect(failuresOf(output, 1)).toEqual([
    { title: 'a/x.test.ts > group > [A1] numbers > 5', lines: [...FRAME, ...MESSAGE, PLACE] },
  ]);
});

test('[RUN11] of a long failure the last lines are told', () => {
  const said = Array.from({ length: 300 }, (_, line) => `line ${line}`);
  const [failure] = failuresOf(['x.test.ts:', ...said, '(fail) long [1.00s]'].join('\n'), 1);
  expect(failure?.lines).toEqual(said.slice(-MOST_LINES));
});

test('[RUN11] a test that took too long, a hook that failed and a file that cannot be loaded are failures', () => {
  const output = [
    'x.test.ts:',
    '(fail) late [5000.14ms]',
    '  ^ this test timed out after 5000ms.',
    '(pass) quick',
    'error: no server',
    '(fail) (unnamed) [3.00ms]',
    '  ^ a beforeEach/afterEach hook timed out for this test.',
    '',
    'y.test.ts:',
    '',
    '# Unhandled error between tests',
    '-------------------------------',
    "error: Cannot find module './nothing.ts'",
    '-------------------------------',
    '',
  ].join('\n');
  expect(failuresOf(output, 1)).toEqual([
    { title: 'x.test.ts > late', lines: ['  ^ this test timed out after 5000ms.'] },
    {
      title: 'x.test.ts > (unnamed)',
      lines: ['error: no server', '  ^ a beforeEach/afterEach hook timed out for this test.'],
    },
    { title: 'y.test.ts', lines: ["error: Cannot find module './nothing.ts'"] },
  ]);
});

test('[RUN11] what a terminal gets is understood too, and what the runner repeats at the end is told once', () => {
  const output = [
    'x.test.ts:',
    '\u001b[32m✓\u001b[0m \u001b[1mfine\u001b[0m',
    '\u001b[31merror\u001b[0m: \u001b[1mbroken\u001b[0m',
    '\u001b[31m✗\u001b[0m \u001b[1mnumbers\u001b[0m \u001b[2m[0.45ms\u001b[0m\u001b[2m]\u001b[0m',
    '',
    '1 tests failed:',
    '\u001b[31m✗\u001b[0m \u001b[1mnumbers\u001b[0m \u001b[2m[0.45ms\u001b[0m\u001b[2m]\u001b[0m',
  ].join('\n');
  const failures = failuresOf(output, 1);
  expect(failures).toEqual([{ title: 'x.test.ts > numbers', lines: ['error: broken'] }]);
  expect(toldAgain(failures)).toBe('✗ x.test.ts > numbers\n    error: broken\n');
});

test('[RUN11] a run without failures has nothing to tell', () => {
  expect(failuresOf('x.test.ts:\n(pass) fine\n\n 1 pass\n 0 fail\n', 0)).toEqual([]);
  expect(toldAgain([])).toBe('');
});

test('[RUN11] of a runner that did not come to its end the last words are told', () => {
  const output = 'x.test.ts:\n(pass) fine\npanic: out of memory\n';
  expect(failuresOf(output, null)).toEqual([
    { title: 'the test runner ended by a signal', lines: ['x.test.ts:', '(pass) fine', 'panic: out of memory'] },
  ]);
  expect(failuresOf(output, 9)[0]?.title).toBe('the test runner ended with exit code 9');
});
