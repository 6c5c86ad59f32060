/** The search thread: keeps the index of words up to date, and finds messages in it. */
import { indexer } from '../../actors/search/indexer.ts';
import { indexerKind, searcherKind } from '../../actors/search/messages.ts';
import { searcher } from '../../actors/search/searcher.ts';
import { Lag } from '../../actors/storage/persister.ts';
import type { StorageFault } from '../../storage/ports/faults.ts';
import { Circuits } from '../storage/circuits.ts';
import { counter } from '../storage/samples.ts';
import { type OpenSearching, openSearching } from '../storage/searching.ts';
import type { RoleEnvironment, RunningRole } from './role.ts';

const STOP_MS = 1_000;

export async function startSearchRole(environment: RoleEnvironment): Promise<RunningRole> {
  const { shard, config } = environment;
  const circuits = new Circuits(environment);
  if (config.search === 'off') {
    shard.register(searcherKind, searcher(undefined));
    return { end: async () => undefined };
  }
  const searching = await openSearching(environment, circuits);
  shard.register(searcherKind, searcher(searching));
  const samples = startIndexer(environment, searching);
  return {
    samples,
    backEnds: () => circuits.reports(),
    end: async () => {
      await shard.stopKinds([indexerKind.name, searcherKind.name], STOP_MS);
      await searching.close();
    },
  };
}

function startIndexer({ shard, log }: RoleEnvironment, searching: OpenSearching): NonNullable<RunningRole['samples']> {
  const lag = new Lag();
  const counts = { indexed: 0, waiting: 0 };
  const onPaused = ({ message }: StorageFault): void => log.warn('messages cannot be indexed now', { fault: message });
  shard.register(indexerKind, indexer({ ...searching, lag, counts, onPaused }));
  shard.tell(shard.ref(indexerKind, 'all'), { type: 'moved', rooms: [] });
  return () => [
    counter('mailroom_search_indexed_messages_total', 'Messages that the search index has taken.', counts.indexed),
    {
      name: 'mailroom_search_waiting_rooms',
      help: 'Rooms that are known to have more than the search index.',
      labels: {},
      value: counts.waiting,
    },
    {
      name: 'mailroom_search_lag_seconds',
      help: 'How long the message store has had messages that the search index lacks.',
      labels: {},
      value: lag.ms(shard.host.monotonicMs()) / 1_000,
    },
  ];
}
