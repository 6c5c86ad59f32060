/** The table of a run, as docs/reliability.md has it. */
import { cpus, totalmem } from 'node:os';
import type { Row } from './cell.ts';

const MIB = 1024 * 1024;

export function markdown(rows: readonly Row[]): string {
  const head = [
    'cell',
    'outage',
    'acknowledged',
    'of these during',
    'refused',
    'longest answer',
    'recovered in',
    'lost',
    'doubled',
    'max RSS',
    'warnings',
    'engine was back',
  ];
  const lines = [head, head.map(() => '---'), ...rows.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |`);
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / MIB / 1024)} GiB`;
  return `${lines.join('\n')}\n\n${rows.length} cells on ${machine}, ${new Date().toISOString().slice(0, 10)}.`;
}

function cellsOf(row: Row): string[] {
  const { comparison, startedDuring } = row;
  return [
    row.title,
    seconds(row.outageMs),
    String(row.acknowledged),
    String(row.acknowledgedDuring),
    String(row.refused),
    seconds(row.longestAnswerMs),
    seconds(row.recoveredMs),
    String(comparison.lost.length),
    String(comparison.doubled.length),
    `${Math.round(row.maxRssBytes / MIB)} MiB`,
    String(row.warnings),
    startedDuring === undefined ? '' : startedDuring ? 'during' : 'after',
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
