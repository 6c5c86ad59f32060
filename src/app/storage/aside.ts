/** What the persister tells besides the store: dead letters, and events for other programs. */
import { AmqpDeadLetters } from '../../storage/amqp/dead-letters.ts';
import { AmqpMessageEvents } from '../../storage/amqp/message-events.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteDeadLetters } from '../../storage/embedded/dead-letters.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { DeadLetters } from '../../storage/ports/dead-letters.ts';
import type { MessageEvents } from '../../storage/ports/message-events.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { connectAmqp } from './amqp.ts';

export interface Aside {
  readonly deadLetters: DeadLetters;
  /** Undefined where there is no broker that could carry them. */
  readonly events: MessageEvents | undefined;
  backEnds(): readonly BackEndReport[];
  close(): Promise<void>;
}

export function openAside({ config, log }: RoleEnvironment): Aside {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) {
    const deadLetters = new SqliteDeadLetters(dataDirPaths(config.dataDir).deadLetters);
    return { deadLetters, events: undefined, backEnds: () => [], close: async () => deadLetters.close() };
  }
  const publishing = connectAmqp(amqp.url, 'events', log);
  const { connection } = publishing;
  const deadLetters = new AmqpDeadLetters({ connection, prefix });
  const events = new AmqpMessageEvents({ connection, prefix });
  return {
    deadLetters,
    events,
    backEnds: () => [publishing.report()],
    async close() {
      await events.close();
      await deadLetters.close();
      await connection.close();
    },
  };
}
