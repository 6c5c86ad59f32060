/** The file records as routes ask them: one promise a question, answered with the value or a fault. */
import { askFileRecords } from '../actors/storage/file-records.ts';
import type { Reply } from '../runtime/reply.ts';
import type { Shard } from '../runtime/shard.ts';
import type { FileRecords } from '../storage/ports/file-records.ts';

type Answer<O extends keyof FileRecords> = Reply<Awaited<ReturnType<FileRecords[O]>>>;

export type FileRecordsDoor = <O extends keyof FileRecords>(
  operation: O,
  ...args: Parameters<FileRecords[O]>
) => Promise<Answer<O>>;

export function fileRecordsDoor(shard: Shard): FileRecordsDoor {
  const context: Parameters<typeof askFileRecords>[0] = {
    ref: (kind, id) => shard.ref(kind, id),
    ask: (to, message, deadlineMs, onReply) => void shard.ask(to, message, deadlineMs).then(onReply),
  };
  return (operation, ...args) =>
    new Promise((resolve) => {
      askFileRecords(context, operation, args as never, (reply) => resolve(reply as never));
    });
}
