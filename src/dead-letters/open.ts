/** Where the dead letters are, and the store that they belong into, by the engine's own configuration. */
import { existsSync } from 'node:fs';
import type { StorageSettings } from '../app/storage/settings.ts';
import { AmqpConnection } from '../storage/amqp/connection.ts';
import { AmqpDeadLetters } from '../storage/amqp/dead-letters.ts';
import { dataDirPaths } from '../storage/embedded/data-dir.ts';
import { SqliteDeadLetters } from '../storage/embedded/dead-letters.ts';
import { SqlitePlaceholderFiller } from '../storage/embedded/store/filler.ts';
import { openPlaceholderFiller } from '../storage/mysql/messages/filler.ts';
import type { DeadLetters, PlaceholderFiller } from '../storage/ports/dead-letters.ts';

export interface Place {
  readonly dataDir: string;
  readonly storage: StorageSettings;
}

const CONNECT_MS = 10_000;

/** Throws a readable error where there is nothing to open. */
export async function openDeadLetters({ dataDir, storage }: Place): Promise<DeadLetters> {
  const { amqp, namespace: prefix } = storage;
  if (amqp === undefined) return new SqliteDeadLetters(existing(dataDir, dataDirPaths(dataDir).deadLetters));
  const connection = new AmqpConnection({ url: amqp.url, name: 'mailroom: dead letters' });
  const letters = new AmqpDeadLetters({ connection, prefix });
  const close = async (): Promise<void> => {
    await letters.close();
    await connection.close();
  };
  try {
    await connection.ready(CONNECT_MS);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    add: (added) => letters.add(added),
    list: (limit) => letters.list(limit),
    remove: (ids) => letters.remove(ids),
    close,
  };
}

export function openFiller({ dataDir, storage }: Place): PlaceholderFiller {
  if (storage.mysql !== undefined) return openPlaceholderFiller(storage.mysql.url);
  return new SqlitePlaceholderFiller(existing(dataDir, dataDirPaths(dataDir).messages));
}

/** A directory that no engine has used is not made into one by looking at it. */
function existing(dataDir: string, path: string): string {
  if (!existsSync(path)) throw new Error(`no engine has run on ${dataDir} yet; --data-dir names another directory`);
  return path;
}
