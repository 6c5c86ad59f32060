/** `status`: what runs, where, and whether it can be used. */
import { readFileSync } from 'node:fs';
import type { Daemon } from './daemon.ts';
import type { Part } from './part.ts';

export interface PartStatus {
  readonly part: string;
  readonly usable: boolean;
  /** Why it cannot be used. */
  readonly problem?: string;
  readonly daemons: readonly DaemonStatus[];
}

export interface DaemonStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly ports: readonly number[];
  readonly residentMiB: number;
}

export async function statusOf(part: Part): Promise<PartStatus> {
  const daemons = part.daemons.map(daemonStatus);
  const down = daemons.filter(({ pid }) => pid === undefined).map(({ name }) => name);
  if (down.length > 0) return { part: part.name, usable: false, problem: `${down.join(', ')}: not running`, daemons };
  try {
    await part.probe();
    return { part: part.name, usable: true, daemons };
  } catch (error) {
    return { part: part.name, usable: false, problem: error instanceof Error ? error.message : String(error), daemons };
  }
}

export function statusTable(statuses: readonly PartStatus[]): string {
  const rows = [['PART', 'PROCESS', 'STATE', 'PID', 'PORTS', 'MIB']];
  for (const { part, usable, daemons } of statuses) {
    for (const { name, pid, ports, residentMiB } of daemons) {
      const state = pid === undefined ? 'down' : usable ? 'up' : 'up, part not usable';
      rows.push([
        part,
        name,
        state,
        `${pid ?? '-'}`,
        ports.join(' ') || '-',
        pid === undefined ? '-' : `${residentMiB}`,
      ]);
    }
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const problems = statuses.flatMap(({ part, problem }) => (problem === undefined ? [] : [`${part}: ${problem}`]));
  return [...lines, ...problems].join('\n');
}

function daemonStatus(daemon: Daemon): DaemonStatus {
  const pid = daemon.pid();
  return { name: daemon.name, pid, ports: daemon.ports, residentMiB: pid === undefined ? 0 : residentMiB(pid) };
}

/** 0 where the process has ended in between. */
function residentMiB(pid: number): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kib ?? 0) / 1_024);
  } catch {
    return 0;
  }
}
