/** What the search's thread works on: the message store, and the index in MySQL where its address is set, else in the data directory. */
import { dataDirPaths } from '../../storage/embedded/data-dir.ts';
import { SqliteSearch } from '../../storage/embedded/search/sqlite-search.ts';
import { SqliteMessageStoreReader } from '../../storage/embedded/store/reader.ts';
import { messageStoreReaderOn } from '../../storage/mysql/messages/reader.ts';
import { SEARCH_SCHEMA } from '../../storage/mysql/schema/search.ts';
import { MysqlSearch } from '../../storage/mysql/search/mysql-search.ts';
import type { MessageStoreReader } from '../../storage/ports/message-store.ts';
import type { Search } from '../../storage/ports/search.ts';
import { WORDS_VERSION } from '../../storage/ports/search-words.ts';
import type { RoleEnvironment } from '../roles/role.ts';
import type { Circuits } from './circuits.ts';
import { openGuardedServers } from './guarded-servers.ts';
import { insist } from './insist.ts';
import { mysqlBudget } from './mysql-budget.ts';
import type { MysqlSettings } from './settings.ts';

export interface OpenSearching {
  readonly index: Search;
  readonly store: MessageStoreReader;
  close(): Promise<void>;
}

/** The index is the newest version's, and empty where it is to be made anew. */
export async function openSearching(environment: RoleEnvironment, circuits: Circuits): Promise<OpenSearching> {
  const { config, log } = environment;
  const { mysql } = config.storage;
  const opened = mysql === undefined ? openEmbedded(config.dataDir) : await openMysql(environment, circuits, mysql);
  const anew = config.search === 'rebuild';
  await insist(log, 'prepare the search index', async () => await opened.index.prepare(WORDS_VERSION, anew));
  return opened;
}

function openEmbedded(dataDir: string): OpenSearching {
  const paths = dataDirPaths(dataDir);
  const index = new SqliteSearch(paths.search);
  const store = new SqliteMessageStoreReader(paths.messages);
  return {
    index,
    store,
    close: () => {
      store.close();
      index.close();
      return Promise.resolve();
    },
  };
}

async function openMysql(
  { log }: RoleEnvironment,
  circuits: Circuits,
  { url, replicaUrls }: MysqlSettings,
): Promise<OpenSearching> {
  const budget = mysqlBudget(1);
  const servers = await openGuardedServers(circuits, log, {
    name: 'mysql search',
    doing: 'open the search index',
    url,
    replicaUrls,
    schemas: [SEARCH_SCHEMA],
    pool: { maxConnections: budget.search },
    replicas: { pool: { maxConnections: budget.eachReplicaSearching } },
  });
  return {
    index: new MysqlSearch(servers),
    store: messageStoreReaderOn(servers),
    close: () => servers.close(),
  };
}
