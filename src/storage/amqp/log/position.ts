/**
 * Positions of this log: the writer's epoch in the upper bits, and the number of the group within it, whose 0 is the
 * fence. So a later writer is above everything that an earlier one wrote or will ever write, without asking anybody.
 */
import type { LogPosition } from '../../ports/message-log.ts';

const GROUPS = 2 ** 32;
/** Epochs below this keep positions within the integers that are exact. */
export const MAX_EPOCH = 2 ** 21 - 1;

export function positionOf(epoch: number, group: number): LogPosition {
  return epoch * GROUPS + group;
}

export function epochOf(position: LogPosition): number {
  return Math.floor(position / GROUPS);
}

export function groupOf(position: LogPosition): number {
  return position % GROUPS;
}

/** Whether nothing can be missing between the two: the next group of the same writer, or the fence of a later one. */
export function follows(earlier: LogPosition, later: LogPosition): boolean {
  return later === earlier + 1 || (later > earlier && groupOf(later) === 0);
}
