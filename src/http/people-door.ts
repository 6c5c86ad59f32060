/** People as routes ask for them: one promise a question, answered with the value or a fault. */
import { askPeople } from '../actors/storage/people.ts';
import type { Reply } from '../runtime/reply.ts';
import type { Shard } from '../runtime/shard.ts';
import type { People } from '../storage/ports/people.ts';

type Answer<O extends keyof People> = Reply<Awaited<ReturnType<People[O]>>>;

export type PeopleDoor = <O extends keyof People>(operation: O, ...args: Parameters<People[O]>) => Promise<Answer<O>>;

export function peopleDoor(shard: Shard): PeopleDoor {
  const context: Parameters<typeof askPeople>[0] = {
    ref: (kind, id) => shard.ref(kind, id),
    ask: (to, message, deadlineMs, onReply) => void shard.ask(to, message, deadlineMs).then(onReply),
  };
  return (operation, ...args) =>
    new Promise((resolve) => {
      askPeople(context, operation, args as never, (reply) => resolve(reply as never));
    });
}
