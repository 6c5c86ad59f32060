/** What the persister tells besides the store: dead letters, and events for other programs. */
import { AmqpDeadLetters } from '../../storage/amqp/dead-letters.ts';
import { AmqpMessageEvents, type EventCounts } from '../../storage/amqp/message-events.ts';
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteDeadLetters } from '../../storage/embedded/dead-letters.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import type { DeadLetters } from '../../storage/ports/dead-letters.ts';
import type { MessageEvents } from '../../storage/ports/message-events.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { connectAmqp } from './amqp.ts';
import { counter } from './samples.ts';

export interface Aside {
  readonly deadLetters: DeadLetters;
  /** Undefined where there is no broker that could carry them. */
  readonly events: MessageEvents | undefined;
  backEnds(): readonly BackEndReport[];
  samples(): readonly Sample[];
  close(): Promise<void>;
}

export function openAside({ config, log }: RoleEnvironment): Aside {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) {
    const deadLetters = new SqliteDeadLetters(dataDirPaths(config.dataDir).deadLetters);
    return {
      deadLetters,
      events: undefined,
      backEnds: () => [],
      samples: () => [],
      close: async () => deadLetters.close(),
    };
  }
  const publishing = connectAmqp(amqp.url, 'events', log);
  const { connection } = publishing;
  const deadLetters = new AmqpDeadLetters({ connection, prefix });
  const events = new AmqpMessageEvents({ connection, prefix });
  return {
    deadLetters,
    events,
    backEnds: () => [publishing.report()],
    samples: () => eventSamples(events.counts),
    async close() {
      await events.close();
      await deadLetters.close();
      await connection.close();
    },
  };
}

function eventSamples({ published, dropped }: EventCounts): Sample[] {
  return [
    counter('mailroom_events_published_total', 'Events that RabbitMQ has taken.', published),
    counter(
      'mailroom_events_dropped_total',
      'Events given up: the broker is short of room, or a listener is.',
      dropped,
    ),
  ];
}
