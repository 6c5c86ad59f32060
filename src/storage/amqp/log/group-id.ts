/**
 * A group's partition and position as the id of its message, beside the body: so that a body that cannot be read does
 * not hide which group it was.
 */
import type { LogPosition } from '../../ports/message-log.ts';
import { epochOf, groupOf, MAX_EPOCH, positionOf } from './position.ts';

const ID = /^(\d{1,5})-(\d{1,7})-(\d{1,10})$/;

export function groupId(partition: number, position: LogPosition): string {
  return `${partition}-${epochOf(position)}-${groupOf(position)}`;
}

/** Undefined if the id is none, or another partition's. */
export function positionOfId(partition: number, id: unknown): LogPosition | undefined {
  const parts = typeof id === 'string' ? ID.exec(id) : null;
  if (parts === null || Number(parts[1]) !== partition) return undefined;
  const [epoch, group] = [Number(parts[2]), Number(parts[3])];
  return epoch <= MAX_EPOCH && group < 2 ** 32 ? positionOf(epoch, group) : undefined;
}
