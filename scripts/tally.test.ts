import { expect, test } from 'bun:test';
import { closingLine, skippedTests, sum, tallyRun } from './tally.ts';

const report = (counts: string, body = ''): string =>
  `<?xml version="1.0"?>\n<testsuites name="bun test" ${counts} time="0.1">\n${body}</testsuites>`;

test('[RUN6] passed, failed and skipped come from the report', () => {
  const junit = report('tests="8" assertions="1" failures="1" skipped="3"');
  expect(tallyRun({ junit, output: ' 4 pass\n 3 skip\n 1 fail\n', exitCode: 1 })).toEqual({
    passed: 4,
    failed: 1,
    skipped: 3,
  });
});

test('[RUN6] a file that could not be loaded counts, although the report leaves it out', () => {
  const junit = report('tests="3" failures="0" skipped="0"');
  const output = '\u001b[32m 3 pass\u001b[0m\n\u001b[31m 2 fail\u001b[0m\n 1 error\n';
  expect(tallyRun({ junit, output, exitCode: 1 })).toEqual({ passed: 3, failed: 2, skipped: 0 });
});

test('[RUN6] a runner that died has failed, with or without a report', () => {
  const junit = report('tests="3" failures="0" skipped="0"');
  expect(tallyRun({ junit, output: '', exitCode: null })).toEqual({ passed: 3, failed: 1, skipped: 0 });
  expect(tallyRun({ junit: undefined, output: '', exitCode: 0 })).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(tallyRun({ junit: '<broken', output: '', exitCode: 0 })).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test('[RUN6] the closing line names skipped tests only where there are some', () => {
  const total = sum([
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 2, failed: 1, skipped: 3 },
  ]);
  expect(closingLine(total)).toBe('3 passed, 1 failed, 3 skipped');
  expect(closingLine({ passed: 1, failed: 0, skipped: 0 })).toBe('1 passed, 0 failed');
});

test('[RUN7] skipped tests are found by name, and `todo` is not among them', () => {
  const junit = report(
    'tests="3" failures="0" skipped="2"',
    `<testcase name="ran" classname="" />
    <testcase name="a &lt;b&gt; &amp;quot;" classname="d" file="x.test.ts"><skipped /></testcase>
    <testcase name="later" classname="d">\n  <skipped message="TODO" />\n</testcase>`,
  );
  expect(skippedTests(junit)).toEqual(['a <b> &quot;']);
});
