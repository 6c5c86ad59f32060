/** Finds the failures in what the test runner printed, so that they can be told again where a log is read first: at its end. */

export interface Failure {
  /** The file and the full name of the test; the file alone where it could not be loaded. */
  readonly title: string;
  /** The message and the place, as the runner printed them: the last lines of it. */
  readonly lines: readonly string[];
}

/** Most lines that are told of one failure. */
export const MOST_LINES = 25;

const FILE = /^(\S+\.(?:test|spec)\.[cm]?[jt]sx?):$/;
/** The second form is that of a terminal. */
const RESULT = /^(?:\((pass|fail|skip|todo)\)|([✓✗»✎])) (.+?)(?: \[[\d.]+m?s\])?$/u;
/** Says what became of the line before it, as of a test that took too long. */
const REMARK = /^ {2}\^ /;
const OUTSIDE = '# Unhandled error between tests';
const RULE = /^-{20,}$/;
/** From here on the runner repeats itself. */
const SUMMARY = /^\d+ tests? (?:failed|skipped|todo):$/;

/** What a run that failed has to tell, also where the runner itself did not come to its end. */
export function failuresOf(output: string, exitCode: number | null): Failure[] {
  const failures = failuresIn(output);
  if (exitCode === 0 || failures.length > 0) return failures;
  const title = `the test runner ended ${exitCode === null ? 'by a signal' : `with exit code ${exitCode}`}`;
  return [{ title, lines: ending(Bun.stripANSI(output).split(/\r?\n/)) }];
}

/** In the order in which they were printed. What was printed since the test before belongs to a failure. */
function failuresIn(output: string): Failure[] {
  const failures: Failure[] = [];
  let file = '';
  let since: string[] = [];
  let last: string[] | undefined;
  const add = (name: string, lines: readonly string[]): void => {
    last = [...lines];
    failures.push({ title: [file, name].filter((part) => part !== '').join(' > '), lines: last });
  };
  const lines = Bun.stripANSI(output).split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (SUMMARY.test(line)) break;
    const result = RESULT.exec(line);
    if (result !== null) {
      last = undefined;
      if (result[1] === 'fail' || result[2] === '✗') add(result[3] ?? '', ending(since));
      since = [];
    } else if (REMARK.test(line) && since.length === 0) last?.push(line);
    else if (line === OUTSIDE && RULE.test(lines[index + 1] ?? '')) {
      const end = lines.findIndex((each, at) => at > index + 1 && RULE.test(each));
      const block = lines.slice(index + 2, end < 0 ? lines.length : end);
      add('', ending(block));
      index = end < 0 ? lines.length : end;
      since = [];
    } else {
      const header = FILE.exec(line)?.[1];
      if (header === undefined) since.push(line);
      else {
        file = header;
        since = [];
      }
    }
  }
  return failures;
}

/** What to print of them: nothing where there are none. */
export function toldAgain(failures: readonly Failure[]): string {
  return failures
    .map(({ title, lines }) => [`✗ ${title}`, ...lines.map((line) => `    ${line}`), ''].join('\n'))
    .join('\n');
}

function ending(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(Math.max(first, last + 1 - MOST_LINES), last + 1);
}
