/** Word of ended copies between nodes: on RabbitMQ where there is one, else to nobody. */
import { nanoid } from 'nanoid';
import { AmqpInvalidations } from '../../storage/amqp/invalidations.ts';
import { SPACE_DEFAULTS } from '../../storage/cache/space-options.ts';
import type { BackEndReport } from '../../storage/ports/back-end.ts';
import { type Cache, NEWEST } from '../../storage/ports/cache.ts';
import type { EndedKeys, InvalidationCounts } from '../../storage/ports/invalidations.ts';
import type { Sample } from '../../storage/ports/sample.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import { connectAmqp } from './amqp.ts';
import { counter } from './samples.ts';

export interface OpenInvalidations {
  readonly onEnded: (key: string) => void;
  backEnds(): readonly BackEndReport[];
  samples(): readonly Sample[];
  close(): Promise<void>;
}

/** `copies` are this process's own: they end with what other nodes tell. */
export function openInvalidations({ config, log }: RoleEnvironment, copies: readonly Cache[]): OpenInvalidations {
  const { amqp, namespace: prefix } = config.storage;
  if (amqp === undefined) {
    return { onEnded: () => undefined, backEnds: () => [], samples: () => [], close: () => Promise.resolve() };
  }
  const line = connectAmqp(amqp.url, 'invalidations', log);
  const { connection } = line;
  const invalidations = new AmqpInvalidations({
    connection,
    prefix,
    origin: nanoid(),
    onEnded: (keys) => endCopies(copies, keys),
  });
  return {
    onEnded: (key) => invalidations.tell(key),
    backEnds: () => [line.report()],
    samples: () => invalidationSamples(invalidations.counts),
    async close() {
      await invalidations.close();
      await connection.close();
    },
  };
}

/** A tombstone for each: who has read the old value a moment ago does not put it back. */
export function endCopies(copies: readonly Cache[], keys: EndedKeys): void {
  const tombstone = { version: NEWEST, ttlMs: SPACE_DEFAULTS.tombstoneMs };
  for (const key of keys) for (const copy of copies) void copy.bury(key, tombstone);
}

function invalidationSamples({ told, dropped, heard, malformed }: InvalidationCounts): Sample[] {
  return [
    counter('mailroom_invalidations_told_total', 'Ended copies that RabbitMQ was told of.', told),
    counter('mailroom_invalidations_dropped_total', 'Ended copies that it could not be told of.', dropped),
    counter('mailroom_invalidations_heard_total', 'Ended copies that other nodes have told of.', heard),
    counter('mailroom_invalidations_malformed_total', 'Invalidations that were not to be understood.', malformed),
  ];
}
