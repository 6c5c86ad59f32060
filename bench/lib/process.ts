/** What the operating system says of a process. Linux only, as are the figures that come of it. */
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU seconds, user and system, of all threads of the process since it started. In steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name may hold spaces and parentheses; the fields that count come after its last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** CPU seconds since an earlier reading; at least one step, so that rates stay finite. */
export function cpuSecondsSince(pid: number, before: number): number {
  return Math.max(1 / TICKS_PER_SECOND, cpuSeconds(pid) - before);
}

/** Resident memory in kB. */
export function residentKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

/** CPU seconds of the process and of all that have come of it and are still there. */
export function cpuSecondsOfTree(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const below = children === '' ? [] : children.split(' ').map(Number);
  return below.reduce((sum, child) => sum + cpuSecondsOfTree(child), cpuSeconds(pid));
}
