/** Counts a run of tests from what the test runner itself reports. */

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface TestRun {
  /** The JUnit report, or nothing where the runner died before it wrote one. */
  readonly junit: string | undefined;
  /** What the runner printed, colours included. */
  readonly output: string;
  /** The runner's exit code; null where a signal ended it. */
  readonly exitCode: number | null;
}

/**
 * The report leaves out files that could not be loaded, which only the printed summary counts; and a runner that died has
 * neither. So the greater number of failures counts, and an exit code other than 0 is at least one.
 */
export function tallyRun({ junit, output, exitCode }: TestRun): Tally {
  const counts = junit === undefined ? undefined : reportedCounts(junit);
  const failed = Math.max(
    counts?.failures ?? 0,
    printedCount(output, 'fail'),
    exitCode === 0 && counts !== undefined ? 0 : 1,
  );
  const skipped = counts?.skipped ?? 0;
  const passed = (counts?.tests ?? 0) - (counts?.failures ?? 0) - skipped;
  return { passed, failed, skipped };
}

/** The closing line, which other tools read. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (total, each) => ({
      passed: total.passed + each.passed,
      failed: total.failed + each.failed,
      skipped: total.skipped + each.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** Names of the tests that did not run, those marked `todo` left out: they wait for code, not for a machine. */
export function skippedTests(junit: string): string[] {
  const cases = junit.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped(?: message="([^"]*)")? ?\/>/g);
  return [...cases].filter((found) => found[2] !== 'TODO').map((found) => unescapeXml(found[1] ?? ''));
}

interface ReportedCounts {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
}

function reportedCounts(junit: string): ReportedCounts | undefined {
  const head = /<testsuites [^>]*>/.exec(junit)?.[0];
  if (head === undefined) return undefined;
  const count = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  return { tests: count('tests'), failures: count('failures') + count('errors'), skipped: count('skipped') };
}

function printedCount(output: string, word: string): number {
  const plain = Bun.stripANSI(output);
  const last = [...plain.matchAll(new RegExp(`^ *(\\d+) ${word}$`, 'gm'))].at(-1);
  return Number(last?.[1] ?? 0);
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => named[name] ?? whole);
}
