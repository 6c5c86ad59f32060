/**
 * The watermark: how far the message store has come in each partition of the log, known on every shard.
 *
 * One actor a shard keeps the shard's gauges; the persisters tell it. Soft: a lost message is overtaken by the next.
 */
import { type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';

export interface WatermarkMessage {
  readonly type: 'persisted';
  readonly partition: number;
  readonly position: LogPosition;
}

export const watermarkKind = defineKind<WatermarkMessage>({
  name: 'watermark',
  placement: 'pinned',
  mailbox: { capacity: 64, overflow: 'drop-oldest' },
});

/** One partition's gauge on a shard: read by the rooms of the shard, raised by its watermark actor. */
export class Watermark {
  position: LogPosition = 0;

  raise(position: LogPosition): void {
    if (position > this.position) this.position = position;
  }
}

/** The shard's gauges, one for each partition. */
export function watermarks(partitions: number): Watermark[] {
  return Array.from({ length: partitions }, () => new Watermark());
}

export function watermark(gauges: readonly Watermark[]): Behaviour<WatermarkMessage> {
  return () => ({ receive: ({ partition, position }) => gauges[partition]?.raise(position) });
}
