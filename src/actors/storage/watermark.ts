/**
 * The watermark: how far the message store has come, known on every shard.
 *
 * One actor a shard keeps the shard's gauge; the persister tells it. Soft: a lost message is overtaken by the next.
 */
import { type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { LogPosition } from '../../storage/ports/message-log.ts';

export interface WatermarkMessage {
  readonly type: 'persisted';
  readonly position: LogPosition;
}

export const watermarkKind = defineKind<WatermarkMessage>({
  name: 'watermark',
  placement: 'pinned',
  mailbox: { capacity: 64, overflow: 'drop-oldest' },
});

/** A shard's gauge: read by the rooms of the shard, raised by its watermark actor. */
export class Watermark {
  position: LogPosition = 0;

  raise(position: LogPosition): void {
    if (position > this.position) this.position = position;
  }
}

export function watermark(gauge: Watermark): Behaviour<WatermarkMessage> {
  return () => ({ receive: (message) => gauge.raise(message.position) });
}
