/** Where a room lives: its slot, the epoch in which this node owns it, and the slot's partition of the message log. */
import type { Context } from '../../runtime/context.ts';
import { slotOf } from '../../runtime/placement.ts';
import type { Ref } from '../../runtime/ref.ts';
import { type LogWriterMessage, logWriterKind } from '../storage/log-writer-messages.ts';
import type { Watermark } from '../storage/watermark.ts';

export interface RoomHome {
  readonly slot: number;
  readonly epoch: number;
  readonly log: Ref<LogWriterMessage>;
  /** How far the message store has come in the partition. */
  readonly watermark: Watermark;
}

/** What the rooms of a shard have in common. */
export interface RoomHomes {
  readonly epoch: number;
  /** How far the message store has come, on this shard, by partition. */
  readonly watermarks: readonly Watermark[];
}

export function homeOf(context: Pick<Context<never>, 'ref'>, room: string, { epoch, watermarks }: RoomHomes): RoomHome {
  const slot = slotOf(room);
  const partition = partitionOf(slot, watermarks.length);
  return {
    slot,
    epoch,
    log: context.ref(logWriterKind, String(partition)),
    watermark: watermarks[partition] as Watermark,
  };
}

export function partitionOf(slot: number, partitions: number): number {
  return slot % partitions;
}
